"""Fixtures for all tests: real servers, one migrated database per worker, the application, clean tables.

Nothing is started until a test asks for it. See README.md for which fixture gives what.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, TypeVar, cast
from uuid import uuid4

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as examples
from xdist.remote import Producer

from tests import servers, statements
from tests.emptying import Emptier, Once, Rows
from tests.scheduling import LongestFirst, rank
from tests.serving import LiveServer, served
from tests.stripe_server import StripeServer, card_settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from storefront.core.database_roles import DatabaseUrls
    from storefront.core.settings import Settings


T = TypeVar("T")

# How long an example takes says how busy the machine is, and nothing of the shop.
examples.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("busy")


def _is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def _worker_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def pytest_configure() -> None:
    """The machine's own settings (a DATABASE_URL, a provider's key) must not reach the tests."""
    from storefront.core.settings import Settings

    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    # Many a test begins processes, and compiled modules halve the start of each; some machines forbid them by this.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not _is_worker():
        servers.begin_run()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LongestFirst | None:
    """Under ``--dist loadscope``: ours, in the order that :func:`pytest_collection_modifyitems` leaves."""
    if config.getvalue("dist") != "loadscope":
        return None
    config.option.loadscopereorder = False
    return LongestFirst(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """The process that began the run ends it."""
    if not _is_worker():
        servers.end_run()


@pytest.fixture(scope="session")
def databases() -> Iterator[servers.TestDatabases]:
    """The run's PostgreSQL: makes databases. The last worker to leave stops the servers."""
    from flask import Flask
    from jinja2 import FileSystemBytecodeCache

    from storefront.core import embedded

    started = servers.TestDatabases()
    # Several applications are built: each template is compiled once for all of them.
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(servers.compiled_templates()))}
    yield started
    embedded.leave(servers.run_folder())


@pytest.fixture
def fresh_database(
    databases: servers.TestDatabases,
) -> Iterator[Callable[[], DatabaseUrls]]:
    """Makes empty databases (logins and extensions only), for tests of migrations; dropped afterwards."""
    with ExitStack() as made:
        yield lambda: made.enter_context(databases.empty(f"fresh_{uuid4().hex[:12]}"))


@pytest.fixture(scope="session")
def database_name() -> str:
    """This worker's database."""
    return f"shop_{_worker_number()}"


@pytest.fixture(scope="session")
def settings(
    databases: servers.TestDatabases, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of the application under test: this worker's database, Redis number, folder and port."""
    from pydantic import SecretStr

    from storefront.core.settings_reading import load_settings

    urls = databases.migrated(database_name)
    redis_url = databases.services.redis_url.replace("db=0", f"db={_worker_number()}")
    with servers.reserve_port() as reserved:
        _reserved_sockets.append(reserved)
        yield load_settings(
            environment="test",
            secret_key=SecretStr(servers.SECRET_KEY),
            instance_dir=tmp_path_factory.mktemp("instance"),
            port=reserved.getsockname()[1],
            database_url=SecretStr(urls.app),
            database_owner_url=SecretStr(urls.owner),
            database_shopper_url=SecretStr(urls.shopper),
            redis_url=SecretStr(redis_url),
            # Rows appear here without a commit of ours: tests of what is remembered switch it on.
            cache_page_seconds=0,
            cache_home_seconds=0,
            cache_category_tree_seconds=0,
            cache_facet_counts_seconds=0,
            cache_product_card_seconds=0,
            cache_search_answer_seconds=0,
            web_connections=8,  # half of them streams: so few that a test can take all
            log_level="WARNING",
        )


_reserved_sockets: list[servers.socket.socket] = []


@pytest.fixture(scope="session")
def application(settings: Settings) -> Iterator[Flask]:
    """The application, built once per worker. Tests take ``app``, which cleans up after them."""
    from storefront import create_app
    from storefront.core.db import db

    built = create_app(settings)
    yield built
    with built.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def _emptier(databases: servers.TestDatabases, settings: Settings, database_name: str) -> Iterator[Emptier]:
    emptier = Emptier(databases.admin_url(database_name))
    yield emptier
    emptier.close()


@pytest.fixture(scope="session")
def _redis_connection(settings: Settings) -> Iterator[redis.Redis]:
    assert settings.redis_url is not None
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as connection:
        yield connection


@pytest.fixture
def clean_database(_emptier: Emptier, _redis_connection: redis.Redis, settings: Settings) -> Iterator[None]:
    """Afterwards tables are as the migrations left them, Redis and the mailbox empty. Comes with all fixtures below."""
    from storefront.catalog.queries import forget_category_tree
    from storefront.providers.mail import mail_folder
    from storefront.search.queries import forget_what_is_kept
    from storefront.shipping.queries import forget_advertised_shipping

    # Kept in the process: another test's categories, words and numbers are not this one's.
    forget_category_tree()
    forget_what_is_kept()
    forget_advertised_shipping()
    yield
    _emptier.empty()
    _redis_connection.flushdb()
    for letter in mail_folder(settings).glob("*.eml"):
        letter.unlink()


@pytest.fixture(scope="session")
def _made_once() -> dict[Callable[..., object], tuple[object, Rows]]:
    return {}


@pytest.fixture
def once(app: Flask, _emptier: Emptier, _made_once: dict[Callable[..., object], tuple[object, Rows]]) -> Once:
    """``once(build)``: what ``build`` returns, in a context of its own. Later tests get the same rows, copied in.

    Rows are all it may leave behind, and the database must be empty before. Worth it where many tests want many rows.
    """

    def made(build: Callable[[], T]) -> T:
        if build not in _made_once:
            with app.app_context():
                found = build()
            _made_once[build] = (found, _emptier.rows())
            return found
        known, rows = _made_once[build]
        _emptier.write(rows)
        return cast("T", known)

    return made


@pytest.fixture
def app(application: Flask, clean_database: None) -> Flask:
    """The application. No context is pushed: requests get their own, as in production."""
    return application


@pytest.fixture(scope="session")
def _stripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeServer]:
    with StripeServer(tmp_path_factory.mktemp("localstripe")) as running:
        yield running


@pytest.fixture
def stripe(_stripe_server: StripeServer) -> Iterator[StripeServer]:
    """A Stripe-compatible server that holds no payments yet, as a process of its own (localstripe)."""
    _stripe_server.forget()
    yield _stripe_server
    _stripe_server.forget()


@pytest.fixture(scope="session")
def _card_application(settings: Settings, _stripe_server: StripeServer) -> Iterator[Flask]:
    from storefront import create_app
    from storefront.core.db import db

    built = create_app(settings.model_copy(update=card_settings(_stripe_server)))
    yield built
    with built.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def card_app(_card_application: Flask, stripe: StripeServer, clean_database: None) -> Flask:
    """The application that takes cards, by ``stripe``. No context is pushed."""
    return _card_application


@pytest.fixture
def card_context(card_app: Flask) -> Iterator[Flask]:
    """The same with a context pushed."""
    with card_app.app_context():
        yield card_app


@pytest.fixture
def app_context(app: Flask) -> Iterator[Flask]:
    """The application with a context pushed, for tests that call queries and services directly."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript: follows cookies, not redirects."""
    return app.test_client()


@pytest.fixture
def redis_client(_redis_connection: redis.Redis, clean_database: None) -> redis.Redis:
    """This worker's Redis database, emptied after the test."""
    return _redis_connection


@pytest.fixture
def no_redis(app: Flask, settings: Settings) -> Iterator[None]:
    """Redis is away: the application's clients find no server at their address."""
    from pydantic import SecretStr

    from storefront.core.cache import init_cache
    from storefront.core.redis import init_redis

    names = ("redis", "waiting_redis", "binary_redis", "cache_store")
    kept = {name: app.extensions[name] for name in names}
    init_redis(app, settings.model_copy(update={"redis_url": SecretStr("unix:///nonexistent/redis.sock")}))
    init_cache(app)
    yield
    app.extensions.update(kept)


@pytest.fixture
def assert_queries() -> Callable[[int], AbstractContextManager[list[str]]]:
    """``with assert_queries(3):`` fails when the block sends more than three queries, and names them."""
    return statements.assert_queries


@pytest.fixture(scope="session")
def _served(application: Flask, settings: Settings) -> Iterator[LiveServer]:
    with served(application, _reserved_sockets[-1]) as live:
        yield live


@pytest.fixture
def live_server(_served: LiveServer, app: Flask) -> LiveServer:
    """The shop on a real port, for tests over real HTTP and in a browser."""
    return _served
