"""The three logins and the database they share: made when missing, checked always, never dropped.

**owner** owns the schema and runs migrations; **app** does everything the server does; **shopper** is what
the assistant and the customer API act through, under row-level security. None is a superuser, because a
superuser walks past every policy. Time-outs are settings of the roles, not of sessions, so that they hold
behind PgBouncer too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from psycopg import sql

OLDEST_VERSION = 150000
REQUIRED_EXTENSIONS = ("pg_trgm", "unaccent", "citext", "btree_gin", "vector")
WELCOME_EXTENSIONS = ("pg_stat_statements",)
ROLE_SETTINGS = {
    "owner": {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "10min"},
    "app": {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "60s",
    },
    "shopper": {
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    },
}
# Any number, as long as it is always this one: serialises processes that prepare the same server.
_PREPARING = 7_301_620_001


class DatabaseNotReady(Exception):
    """The database cannot be used. The message says in one sentence what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Connection URLs for SQLAlchemy (``postgresql+psycopg``), one for each login."""

    owner: str
    app: str
    shopper: str

    def roles(self) -> dict[str, str]:
        """The login names: ``{"owner": ..., "app": ..., "shopper": ...}``."""
        return {
            kind: sa.make_url(url).username or ""
            for kind, url in (("owner", self.owner), ("app", self.app), ("shopper", self.shopper))
        }


def prepare_database(
    admin_url: str, *, database_name: str, secret_key: str, role_prefix: str = "storefront"
) -> DatabaseUrls:
    """Make the three logins, the database and its extensions where they are missing.

    ``admin_url`` is a login that may create roles. Passwords are derived from ``secret_key``; over a unix
    socket without a password (the embedded server) the URLs carry the login's name only. Idempotent, cheap
    when nothing is missing, safe to run from several processes at once. Raises :class:`DatabaseNotReady`.
    """
    admin = sa.make_url(admin_url).set(drivername="postgresql+psycopg")
    roles = {kind: f"{role_prefix}_{kind}" for kind in ROLE_SETTINGS}
    passwords = {kind: _password(secret_key, role) for kind, role in roles.items()}
    wanted = {kind: _url(admin, roles[kind], passwords[kind], database_name) for kind in roles}
    urls = DatabaseUrls(**{kind: url.render_as_string(hide_password=False) for kind, url in wanted.items()})
    if _already_prepared(urls):
        return urls
    with _connect(admin) as connection:
        _check_version(connection)
        connection.execute("SELECT pg_advisory_lock(%s)", (_PREPARING,))
        for kind, role in roles.items():
            _ensure_role(connection, kind, role, passwords[kind])
        _ensure_database(connection, database_name, roles)
    with _connect(admin.set(database=database_name)) as connection:
        _ensure_extensions(connection)
    check_database(urls)
    return urls


def check_database(urls: DatabaseUrls) -> None:
    """Check three given logins: reachable, new enough, extensions there, nobody above the policies.

    Raises :class:`DatabaseNotReady`.
    """
    if len(set(urls.roles().values())) != 3:
        raise DatabaseNotReady(
            "DATABASE_OWNER_URL, DATABASE_URL and DATABASE_SHOPPER_URL must name three different logins:"
            " row-level security does not hold back a table's owner."
        )
    for kind, url in (("owner", urls.owner), ("app", urls.app), ("shopper", urls.shopper)):
        with _connect(sa.make_url(url)) as connection:
            _check_version(connection)
            _check_powers(connection, kind)
            if kind == "owner":
                _check_extensions(connection)


def _already_prepared(urls: DatabaseUrls) -> bool:
    try:
        check_database(urls)
    except DatabaseNotReady:
        return False
    return True


def _password(secret_key: str, role: str) -> str:
    return hmac.new(secret_key.encode(), f"database login {role}".encode(), hashlib.sha256).hexdigest()


def _url(admin: sa.URL, role: str, password: str, database_name: str) -> sa.URL:
    host = str(admin.query.get("host") or admin.host or "")
    local = not admin.password and (not host or host.startswith("/"))
    named = admin.set(username=role, database=database_name)
    return named._replace(password=None) if local else named.set(password=password)


@contextmanager
def _connect(url: sa.URL) -> Iterator[psycopg.Connection]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    where = url.host or url.query.get("host") or "its default address"
    try:
        connection = psycopg.connect(plain, connect_timeout=5, autocommit=True)
    except psycopg.OperationalError as problem:
        # libpq's hints stand below the reason, indented; with several addresses the last reason counts.
        lines = [line for line in str(problem).splitlines() if line and not line[0].isspace()]
        reason = lines[-1].rpartition("failed: ")[2] if lines else "no answer"
        raise DatabaseNotReady(
            f"PostgreSQL at {where} does not let '{url.username}' into database '{url.database}' ({reason}):"
            " start the server, mend DATABASE_URL, or unset it to use the embedded one."
        ) from problem
    try:
        yield connection
    finally:
        connection.close()


def _check_version(connection: psycopg.Connection) -> None:
    version = connection.info.server_version
    if version < OLDEST_VERSION:
        raise DatabaseNotReady(
            f"PostgreSQL {version // 10000} is too old: use {OLDEST_VERSION // 10000} or newer."
        )


def _check_powers(connection: psycopg.Connection, kind: str) -> None:
    found = connection.execute(
        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if found is not None and found[1]:
        raise DatabaseNotReady(
            f"The {kind} login '{found[0]}' is a superuser or bypasses row-level security: use a plain login,"
            " or another DATABASE_ROLE_PREFIX."
        )


def _check_extensions(connection: psycopg.Connection) -> None:
    present = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    missing = [name for name in REQUIRED_EXTENSIONS if name not in present]
    if missing:
        raise DatabaseNotReady(
            f"The database lacks {', '.join(missing)}: run CREATE EXTENSION for each of them as a superuser"
            " (pgvector comes as the system package postgresql-NN-pgvector)."
        )


def _ensure_role(connection: psycopg.Connection, kind: str, role: str, password: str) -> None:
    name = sql.Identifier(role)
    found = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", (role,)
    ).fetchone()
    if found is not None and found[0]:
        raise DatabaseNotReady(
            f"The login '{role}' is a superuser or bypasses row-level security: set another DATABASE_ROLE_PREFIX."
        )
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    verb = sql.SQL("CREATE ROLE" if found is None else "ALTER ROLE")
    try:
        connection.execute(sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, name, sql.Literal(verifier)))
        for setting, value in ROLE_SETTINGS[kind].items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
            )
        if not _is_superuser(connection) and connection.info.user != role:
            # PostgreSQL 16 and newer: to make objects for a role one must be its member.
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    except psycopg.errors.InsufficientPrivilege as problem:
        raise DatabaseNotReady(
            f"'{connection.info.user}' may not make the login '{role}': give it CREATEROLE, or set"
            " DATABASE_OWNER_URL, DATABASE_URL and DATABASE_SHOPPER_URL to three logins that exist."
        ) from problem


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _ensure_database(connection: psycopg.Connection, database_name: str, roles: dict[str, str]) -> None:
    database, owner = sql.Identifier(database_name), sql.Identifier(roles["owner"])
    found = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (database_name,)
    ).fetchone()
    try:
        if found is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    database, owner
                )
            )
        elif found[0] != roles["owner"]:
            connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        for kind, right in (("app", "CONNECT, TEMPORARY"), ("shopper", "CONNECT")):
            connection.execute(
                sql.SQL("GRANT {} ON DATABASE {} TO {}").format(
                    sql.SQL(right), database, sql.Identifier(roles[kind])
                )
            )
    except psycopg.errors.InsufficientPrivilege as problem:
        raise DatabaseNotReady(
            f"'{connection.info.user}' may not make the database '{database_name}' or hand it to"
            f" '{roles['owner']}': give it CREATEDB, or create the database with that owner."
        ) from problem


def _ensure_extensions(connection: psycopg.Connection) -> None:
    for name in REQUIRED_EXTENSIONS:
        _ensure_extension(connection, name)
    for name in WELCOME_EXTENSIONS:
        try:
            _ensure_extension(connection, name)
        except DatabaseNotReady:
            continue  # only the report of slow queries misses it


def _ensure_extension(connection: psycopg.Connection, name: str) -> None:
    try:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as problem:
        raise DatabaseNotReady(
            f"'{connection.info.user}' may not add the extension {name}: run CREATE EXTENSION {name} in database"
            f" '{connection.info.dbname}' as a superuser."
        ) from problem
    except psycopg.Error as problem:
        raise DatabaseNotReady(
            f"PostgreSQL has no extension {name}: install it on the server (pgvector comes as the system package"
            " postgresql-NN-pgvector, the others with postgresql-contrib)."
        ) from problem
