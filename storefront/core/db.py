"""The database: declarative base, naming, sessions, and the one transaction rule.

A public write service opens ``with transaction():``. Nested calls join; only the outermost commits; there
is no other ``.commit()`` in the code base (a test looks). Reads use :func:`session` directly.

Outside of ``transaction()`` each statement is for itself (autocommit), which is what separate reads are under READ
COMMITTED anyway: no BEGIN and ROLLBACK around them, and what PostgreSQL has prepared stays prepared, where a rollback
would throw it away and have every statement planned anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from flask import current_app, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry

from storefront.core.identity import Identity
from storefront.core.ids import new_id

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The typed root of every model. Python types decide the column types, in one place."""

    # In a registry, not as ``type_annotation_map``: Flask-SQLAlchemy rebuilds the base from its attributes.
    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMING_CONVENTION),
        type_annotation_map={
            uuid.UUID: sa.Uuid(),
            datetime: sa.TIMESTAMP(timezone=True),
            Decimal: sa.Numeric(12, 2),
            str: sa.Text(),
            dict[str, Any]: JSONB(),
            list[dict[str, Any]]: JSONB(),
            list[str]: ARRAY(sa.Text()),
        },
    )


class Identified:
    """A time-ordered UUID from the application, a random one from the server for hand-written SQL."""

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, server_default=sa.text("gen_random_uuid()"), sort_order=-10
    )


class Created:
    """When the row was written."""

    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), sort_order=90)


class Timestamped(Created):
    """When the row was written and last changed; the trigger ``set_updated_at`` keeps the latter true."""

    updated_at: Mapped[datetime] = mapped_column(
        server_default=sa.func.now(), server_onupdate=sa.FetchedValue(), sort_order=91
    )


class SoftDeleted:
    """Deleted rows stay for the books; ordinary queries name ``deleted_at IS NULL``."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=92)


PAGES = "pages"
"""The engine whose statements may not run long: of what a shopper waits for. Each engine has a pool of its own: this,
the app's, and the assistant's restricted one."""

PATIENT_AREAS = "patient_areas"
"""The application's extension that names the blueprints and endpoints whose pages may take as long as anything else:
staff's, and where people come back from paying, which changes things and may wait for a lock."""

_ENGINE = "storefront.engine"


class _ShopSession(FlaskSession):
    """A request's or job's session, on the engine that fits: chosen once, when it is used first."""

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **_more: Any) -> Any:
        if bind is not None:
            return bind
        engine = self.info.get(_ENGINE)
        if engine is None:
            engine = self.info[_ENGINE] = _fitting_engine()
        return engine


def _fitting_engine() -> sa.Engine:
    """The one of pages where a shopper waits for one, else the app's. What changes something may wait for a lock first,
    and staff for long counts."""
    engines = db.engines
    is_waited_for = (
        has_request_context()
        and PAGES in engines
        and request.method in ("GET", "HEAD")
        and current_app.extensions[PATIENT_AREAS].isdisjoint((request.blueprint, request.endpoint))
    )
    return engines[PAGES if is_waited_for else None]


db = SQLAlchemy(model_class=Base, session_options={"class_": _ShopSession})

_logins: WeakKeyDictionary[sa.Engine, str] = WeakKeyDictionary()
_restricted: ContextVar[Session | None] = ContextVar("restricted_session", default=None)
_JOINED = "storefront.transaction"
_AFTERWARDS = "storefront.after_commit"


def session() -> Session:
    """The session of whoever acts now: the shopper's restricted one inside :func:`acting_as`, else the app's."""
    return _restricted.get() or db.session()


def _running() -> Session | None:
    """The session of whoever acts now, where there is one already."""
    return _restricted.get() or (db.session() if db.session.registry.has() else None)


@contextmanager
def reading() -> Iterator[sa.PoolProxiedConnection]:
    """A connection for one statement: the transaction's, where one is running, else one that is given back at the end.

    Most pages read a few statements and nothing else: a session, its transaction and their end cost more than those.
    The restricted session reads in a transaction always: it is told there who acts.
    """
    current = _running()
    if current is not None and (
        current is _restricted.get() or current.in_transaction() or current.info.get(_JOINED)
    ):
        yield current.connection().connection
        return
    try:
        borrowed = _fitting_engine().raw_connection()
    except psycopg.Error as problem:  # as the session says it
        raise OperationalError("connect", None, problem, connection_invalidated=True) from problem
    try:
        yield borrowed
    finally:
        borrowed.close()


def login() -> str:
    """The database and the login that the session acts as: what one of them may see is never kept for another."""
    restricted = _restricted.get()
    engine = db.engine if restricted is None else restricted.get_bind().engine
    known = _logins.get(engine)
    if known is None:
        known = _logins[engine] = engine.url.render_as_string(hide_password=True)
    return known


@contextmanager
def transaction() -> Iterator[Session]:
    """Run the block in one transaction: commit at the outermost end, roll back on any error."""
    current = session()
    if current.info.get(_JOINED):
        yield current
        return
    current.info[_JOINED] = True
    try:
        if current.in_transaction():
            _begin(current.connection())
        yield current
        current.commit()
    except BaseException:
        current.rollback()
        current.info.pop(_AFTERWARDS, None)
        raise
    finally:
        current.info.pop(_JOINED, None)
    for act in current.info.pop(_AFTERWARDS, {}):
        act()


def _begin(connection: sa.Connection) -> None:
    """From now on statements wait for a commit, until the connection goes back to its pool."""
    driver: Any = connection.connection.dbapi_connection
    if driver.autocommit:
        driver.autocommit = False


@sa.event.listens_for(Session, "after_begin")
def _begin_when_joined(current: Session, _transaction: object, connection: sa.Connection) -> None:
    if current.info.get(_JOINED):
        _begin(connection)


def after_commit(act: Callable[[], object]) -> None:
    """Call ``act`` once the transaction around the caller is committed, and never if it is not.

    However often it is asked for, each is called once. It must not fail: what was asked for is written already.
    Raises :class:`NoTransaction` outside of a ``transaction()`` block.
    """
    current = session()
    if not current.info.get(_JOINED):
        raise NoTransaction
    current.info.setdefault(_AFTERWARDS, {})[act] = None


def write(statement: sa.Insert | sa.Update | sa.Delete) -> int:
    """Execute a bulk write in the current transaction; returns how many rows it changed."""
    result = session().execute(statement, execution_options={"synchronize_session": False})
    return cast("sa.CursorResult[Any]", result).rowcount


class NoTransaction(RuntimeError):
    """Something is to happen after the commit of a transaction that nobody has begun."""


class TransactionOpen(RuntimeError):
    """Somebody is about to wait for an outside service with a database transaction open."""


def release() -> None:
    """End the read transaction that SQLAlchemy began by itself and give the connection back.

    Called before the first byte of a stream and before every call to an outside service.
    Raises :class:`TransactionOpen` inside a ``transaction()`` block: that would commit half of it.
    """
    current = _running()
    if current is None:
        return
    if current.info.get(_JOINED):
        raise TransactionOpen
    current.rollback()
    current.close()


def assert_no_transaction() -> None:
    """Providers call this first: no transaction may be open while somebody else is thinking."""
    current = _running()
    if current is not None and current.in_transaction():
        raise TransactionOpen


def _set_identity(identity: Identity) -> sa.TextClause:
    return sa.text(
        "SELECT set_config('app.user_id', :user_id, true),"
        " set_config('app.session_id', :session_id, true),"
        " set_config('app.order_ids', :order_ids, true)"
    ).bindparams(
        user_id=str(identity.user_id or ""),
        session_id=str(identity.session_id or ""),
        order_ids=",".join(str(order_id) for order_id in sorted(identity.proved_order_ids)),
    )


@contextmanager
def acting_as(identity: Identity) -> Iterator[Session]:
    """Run the block as the restricted ``shopper`` login under row-level security.

    Everything called inside, services included, sees only this person's rows. The identity is set ``LOCAL``
    at the begin of every transaction, so that pooled connections carry nothing over (PgBouncer-safe).
    """
    restricted = Session(db.engines["shopper"], expire_on_commit=False)

    @sa.event.listens_for(restricted, "after_begin")
    def _announce(_session: Session, _transaction: object, connection: sa.Connection) -> None:
        connection.execute(_set_identity(identity))

    token = _restricted.set(restricted)
    try:
        yield restricted
    finally:
        _restricted.reset(token)
        restricted.close()
