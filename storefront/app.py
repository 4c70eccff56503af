"""The composition root: settings, services, extensions, blueprints, error pages. Nothing else."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from pydantic import SecretStr
from werkzeug.middleware.proxy_fix import ProxyFix

from storefront import admin, cli, jobs
from storefront.core import extensions
from storefront.core.cache import init_cache
from storefront.core.connections import engine_options, watch
from storefront.core.db import PAGES, PATIENT_AREAS
from storefront.core.logging import configure_logging
from storefront.core.redis import init_redis
from storefront.core.services import with_services
from storefront.core.settings import ROOT, Settings
from storefront.core.settings_reading import TRANSLATIONS, load_settings
from storefront.http import (
    assets,
    context,
    csp,
    csrf,
    errors,
    guest_pages,
    health,
    languages,
    links,
    media,
    parts,
    product_cards,
    quick_templates,
    requests,
    visitor,
)
from storefront.http.page_cache import PageCache
from storefront.http.search_clicks import SearchClicks
from storefront.orders.queries.history import OrderHistory
from storefront.promotions.queries import past_orders
from storefront.providers.vector_store import VectorStore
from storefront.search.queries import engine, neighbours
from storefront.search.queries.postgresql import PostgreSQLEngine
from storefront.search.vector_column import VectorColumn
from storefront.web import account, cart, catalog, chat, checkout, dev, pages, reminders, webhooks, wishes

_BACK_FROM_PAYING = (
    "checkout.returned",
    "checkout.change_paid",
    "checkout.exchange_paid",
    "account.card_added",
)


def build_app(settings: Settings | None = None) -> Flask:
    """Build the application; starts or joins the embedded services where no URL names real ones."""
    settings = with_services(settings or load_settings())
    configure_logging(settings)
    app = Flask(
        "storefront",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.instance_dir),
    )
    app.jinja_environment = quick_templates.QuickEnvironment
    app.extensions["settings"] = settings
    app.extensions[PATIENT_AREAS] = frozenset({admin.blueprint.name, *_BACK_FROM_PAYING})
    _configure(app, settings)
    requests.init_app(app)  # first: also a request that an extension refuses has a number
    _init_extensions(app, settings)
    for part in (
        languages,
        quick_templates,
        links,
        csrf,
        visitor,
        guest_pages,
        csp,
        assets,
        parts,
        product_cards,
        media,
        context,
        errors,
        health,
    ):
        part.init_app(app)
    for area in (catalog, cart, wishes, reminders, checkout, account, pages, chat, webhooks, admin):
        app.register_blueprint(area.blueprint)
    if settings.environment != "production":
        app.register_blueprint(dev.blueprint)
    cli.init_app(app)
    _wrap(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret(),
        SECRET_KEY_FALLBACKS=[settings.secret_key_previous.get_secret_value()]
        if settings.secret_key_previous
        else [],
        TESTING=settings.environment == "test",
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_request_bytes,
        SQLALCHEMY_ENGINE_OPTIONS=_engine(settings, settings.database_url, autocommit=True),
        SQLALCHEMY_BINDS=_other_engines(settings),
        RATELIMIT_STORAGE_URI=_limiter_url(settings),
        RATELIMIT_HEADERS_ENABLED=True,
        WTF_CSRF_TIME_LIMIT=None,
        COMPRESS_MIMETYPES=["text/html", "application/json", "application/xml", "text/plain"],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_STREAMS=False,  # the assistant's stream goes out word by word
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
    )


def _engine(
    settings: Settings, url: SecretStr | None, *, autocommit: bool, statement_seconds: float = 0
) -> dict[str, object]:
    assert url is not None
    return engine_options(
        settings, url.get_secret_value(), autocommit=autocommit, statement_seconds=statement_seconds
    )


def _other_engines(settings: Settings) -> dict[str, dict[str, object]]:
    engines = {"shopper": _engine(settings, settings.database_shopper_url, autocommit=False)}
    if settings.database_page_seconds:
        engines[PAGES] = _engine(
            settings,
            settings.database_url,
            autocommit=True,
            statement_seconds=settings.database_page_seconds,
        )
    return engines


def _wrap(app: Flask, settings: Settings) -> None:
    """What answers before Flask does: guests' pages, asked for by whom the proxies in front say."""
    app.wsgi_app = SearchClicks(app, PageCache(app, app.wsgi_app))  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _limiter_url(settings: Settings) -> str:
    assert settings.redis_url is not None
    url = settings.redis_url.get_secret_value()
    return "redis+unix://" + url.removeprefix("unix://") if url.startswith("unix://") else url


def _init_extensions(app: Flask, settings: Settings) -> None:
    extensions.db.init_app(app)
    with app.app_context():
        for bind, its_engine in extensions.db.engines.items():
            watch(its_engine, autocommit=bind != "shopper")
    extensions.migrate.init_app(app, extensions.db, directory=str(ROOT / "migrations"))
    extensions.login_manager.init_app(app)
    extensions.limiter.init_app(app)
    extensions.compress.init_app(app)
    extensions.htmx.init_app(app)
    init_redis(app, settings)
    init_cache(app)
    jobs.init_celery(app, settings)
    app.extensions[engine.EXTENSION] = _search_engine(settings)
    app.extensions[neighbours.EXTENSION] = _vector_store(settings)
    app.extensions[past_orders.EXTENSION] = OrderHistory()


def _search_engine(settings: Settings) -> engine.SearchEngine:
    own = PostgreSQLEngine()
    if settings.search_backend == "postgresql":
        return own
    from storefront.providers.elasticsearch_client import search_server
    from storefront.search.elastic.engine import ElasticsearchEngine

    return ElasticsearchEngine(settings.elasticsearch_index, own, search_server)


def _vector_store(settings: Settings) -> Callable[[], VectorStore]:
    if settings.vector_backend == "pgvector":
        own = VectorColumn()
        return lambda: own
    # Asked for when it is needed: a process that was forked makes its own connections.
    from storefront.providers.pinecone_client import pinecone_store

    return pinecone_store
