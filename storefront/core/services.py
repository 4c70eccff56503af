"""PostgreSQL and Redis for this process: those the settings name, else the embedded ones, ready to use."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import SecretStr

from storefront.core import embedded
from storefront.core.database_roles import DatabaseNotReady, DatabaseUrls, check_database, prepare_database
from storefront.core.settings import Settings

DATABASE_NAME = "storefront"
"""The embedded server's database. Elsewhere DATABASE_URL names it."""


class ServicesMissing(SystemExit):
    """The shop cannot start; the message says in one sentence what is wrong and what to do."""


def with_services(settings: Settings) -> Settings:
    """``settings`` with all three database logins and Redis filled in.

    Starts (or joins) the embedded servers where no URL is given, and makes the database and its logins when
    DATABASE_URL alone is given. Raises :class:`ServicesMissing`.
    """
    try:
        return _database(_embedded(settings))
    except (DatabaseNotReady, embedded.EmbeddedServiceError) as problem:
        raise ServicesMissing(str(problem)) from None


def _embedded(settings: Settings) -> Settings:
    if settings.database_url and settings.redis_url:
        return settings
    services = embedded.attach(settings.instance_dir)
    updates: dict[str, SecretStr] = {}
    if not settings.database_url:
        admin = sa.make_url(services.database_admin_url).set(database=DATABASE_NAME)
        updates["database_url"] = SecretStr(admin.render_as_string(hide_password=False))
    if not settings.redis_url:
        updates["redis_url"] = SecretStr(services.redis_url)
    return settings.model_copy(update=updates)


def _database(settings: Settings) -> Settings:
    assert settings.database_url
    given = settings.database_url.get_secret_value()
    if settings.database_owner_url and settings.database_shopper_url:
        urls = DatabaseUrls(
            owner=_psycopg(settings.database_owner_url.get_secret_value()),
            app=_psycopg(given),
            shopper=_psycopg(settings.database_shopper_url.get_secret_value()),
        )
        check_database(urls)
    elif settings.database_owner_url or settings.database_shopper_url:
        raise DatabaseNotReady(
            "Set DATABASE_OWNER_URL and DATABASE_SHOPPER_URL both, or neither (then DATABASE_URL's login makes them)."
        )
    else:
        name = sa.make_url(given).database or DATABASE_NAME
        maintenance = sa.make_url(given).set(database="postgres").render_as_string(hide_password=False)
        urls = prepare_database(
            maintenance,
            database_name=name,
            secret_key=settings.secret(),
            role_prefix=settings.database_role_prefix,
        )
    return settings.model_copy(
        update={
            "database_owner_url": SecretStr(urls.owner),
            "database_url": SecretStr(urls.app),
            "database_shopper_url": SecretStr(urls.shopper),
        }
    )


def _psycopg(url: str) -> str:
    """The same address with SQLAlchemy's name for psycopg 3, whatever scheme it came with."""
    return sa.make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
