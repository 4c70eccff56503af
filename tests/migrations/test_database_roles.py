"""Logins and databases are made once, checked always, and refused with a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from storefront.core.database_roles import (
    DatabaseNotReady,
    DatabaseUrls,
    _password,
    _url,
    check_database,
    prepare_database,
)
from tests.migrations.conftest import connect
from tests.servers import SECRET_KEY, TestDatabases


@pytest.fixture
def admin(databases: TestDatabases) -> Iterator[psycopg.Connection]:
    with connect(databases.services.database_admin_url) as connection:
        yield connection


@pytest.fixture
def prefix(admin: psycopg.Connection) -> Iterator[str]:
    """A prefix of its own; roles and databases made with it go again."""
    name = f"trial{uuid4().hex[:8]}"
    yield name
    for (database,) in admin.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{name}%",)
    ).fetchall():
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
    for (role,) in admin.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE %s", (f"{name}%",)
    ).fetchall():
        admin.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def prepare(
    databases: TestDatabases, prefix: str, *, login: str | None = None, key: str = SECRET_KEY
) -> DatabaseUrls:
    admin_url = sa.make_url(databases.services.database_admin_url)
    if login:
        admin_url = admin_url.set(username=login)
    return prepare_database(
        admin_url.render_as_string(hide_password=False),
        database_name=f"{prefix}_shop",
        secret_key=key,
        role_prefix=prefix,
    )


def test_everything_is_made_and_a_second_time_changes_nothing(
    databases: TestDatabases, admin: psycopg.Connection, prefix: str
) -> None:
    urls = prepare(databases, prefix)
    assert urls.roles() == {kind: f"{prefix}_{kind}" for kind in ("owner", "app", "shopper")}

    def passwords() -> list[tuple[object, ...]]:
        return admin.execute(
            "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE %s ORDER BY 1", (f"{prefix}%",)
        ).fetchall()

    first = passwords()
    assert all(str(stored).startswith("SCRAM-SHA-256$") for _name, stored in first)
    assert prepare(databases, prefix) == urls
    assert passwords() == first, "a second start writes nothing"
    with connect(urls.owner) as owner:
        owner.execute("CREATE TABLE kept (id int)")
    prepare(databases, prefix)
    with connect(urls.owner) as owner:
        owner.execute("SELECT FROM kept")


def test_nobody_else_may_enter_the_database(
    databases: TestDatabases, admin: psycopg.Connection, prefix: str
) -> None:
    urls = prepare(databases, prefix)
    stranger = f"{prefix}_stranger"
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(stranger)))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(sa.make_url(urls.app).set(username=stranger).render_as_string(hide_password=False))
    with connect(urls.shopper) as shopper, pytest.raises(psycopg.errors.InsufficientPrivilege):
        shopper.execute("CREATE TEMPORARY TABLE stray (id int)")


def test_an_operators_login_that_is_no_superuser_suffices(
    databases: TestDatabases, admin: psycopg.Connection, prefix: str
) -> None:
    operator, database = sql.Identifier(f"{prefix}_operator"), f"{prefix}_shop"
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(operator))
    admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), operator))
    with pytest.raises(
        DatabaseNotReady, match="may not add the extension vector: run CREATE EXTENSION vector"
    ):
        prepare(databases, prefix, login=f"{prefix}_operator")
    with connect(databases.admin_url(database)) as connection:
        connection.execute("CREATE EXTENSION vector")
    check_database(prepare(databases, prefix, login=f"{prefix}_operator"))


def test_a_login_without_rights_is_told_what_it_needs(
    databases: TestDatabases, admin: psycopg.Connection, prefix: str
) -> None:
    weak = f"{prefix}_weak"
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(weak)))
    with pytest.raises(DatabaseNotReady, match="give it CREATEROLE, or set DATABASE_OWNER_URL"):
        prepare(databases, prefix, login=weak)


def test_a_superuser_is_no_login_for_the_shop(
    databases: TestDatabases, admin: psycopg.Connection, prefix: str
) -> None:
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS").format(sql.Identifier(f"{prefix}_app")))
    with pytest.raises(DatabaseNotReady, match="set another DATABASE_ROLE_PREFIX"):
        prepare(databases, prefix)


def test_given_logins_are_only_checked(
    databases: TestDatabases, fresh_database: Callable[[], DatabaseUrls]
) -> None:
    urls = fresh_database()
    check_database(urls)
    with pytest.raises(DatabaseNotReady, match="three different logins"):
        check_database(replace(urls, shopper=urls.app))
    superuser = databases.services.database_admin_url
    with pytest.raises(DatabaseNotReady, match="is a superuser or bypasses row-level security"):
        check_database(replace(urls, shopper=superuser))
    gone = sa.make_url(urls.app).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(DatabaseNotReady, match="does not exist"):
        check_database(replace(urls, app=gone))


def test_a_missing_extension_is_named(
    databases: TestDatabases, fresh_database: Callable[[], DatabaseUrls]
) -> None:
    urls = fresh_database()
    with connect(databases.admin_url(sa.make_url(urls.app).database or "")) as connection:
        connection.execute("DROP EXTENSION btree_gin")
        connection.execute("DROP EXTENSION vector")
    with pytest.raises(DatabaseNotReady, match="lacks btree_gin, vector: run CREATE EXTENSION"):
        check_database(urls)


def test_a_server_that_is_down_is_said_in_one_sentence() -> None:
    with pytest.raises(DatabaseNotReady, match="start the server, mend DATABASE_URL, or unset it") as caught:
        prepare_database(
            "postgresql://someone:secret@127.0.0.1:1/postgres", database_name="shop", secret_key=SECRET_KEY
        )
    assert "secret" not in str(caught.value)


def test_an_old_server_is_refused(
    databases: TestDatabases, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.core.database_roles.OLDEST_VERSION", 990000)
    with pytest.raises(DatabaseNotReady, match="is too old: use 99 or newer"):
        prepare(databases, prefix)


def test_passwords_follow_the_secret_key_and_stay_out_of_the_socket(
    databases: TestDatabases, prefix: str
) -> None:
    urls = prepare(databases, prefix)
    assert [sa.make_url(url).password for url in (urls.owner, urls.app, urls.shopper)] == [None] * 3
    admin_url = sa.make_url("postgresql://admin:pw@db.example.com/postgres")
    first, second = (
        _url(admin_url, "shop_app", _password(key, "shop_app"), "shop") for key in ("one", "two")
    )
    assert first.password is not None
    assert second.password is not None
    assert first.password != second.password
    assert first.host == "db.example.com"
