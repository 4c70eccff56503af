"""Connections to PostgreSQL: how engines open them, keep them, and notice that one has died.

A connection that is taken out of its pool is looked at, not asked: a server that went away leaves a closed socket, and
looking costs a microsecond where ``SELECT 1`` costs a round trip. Only one that said something unasked, or rested for
long, is asked.
"""

from __future__ import annotations

import select
import time
from typing import Any

import msgspec
import sqlalchemy as sa
from psycopg import Error, pq
from sqlalchemy.exc import DisconnectionError

from storefront.core.settings import Settings

ASKED_AFTER_SECONDS = 30.0
"""A connection that rested this long is asked before it is used: a network may have dropped it in silence."""

_RESTED_SINCE = "rested_since"


def engine_options(
    settings: Settings, url: str, *, autocommit: bool, statement_seconds: float = 0
) -> dict[str, Any]:
    """What an engine for ``url`` is made with. ``autocommit``: see :mod:`storefront.core.db`.

    ``statement_seconds`` is the longest a statement may run; 0 leaves it at the login's own limit. It is said when a
    connection is opened, so it costs no statement.

    Whoever takes a connection of such an engine by hand and wants a transaction asks for it with
    ``execution_options(isolation_level="READ COMMITTED")``.
    """
    limit = {}
    if statement_seconds:
        given = sa.make_url(url).query.get("options", "")
        limit["options"] = f"{given} -c statement_timeout={round(statement_seconds * 1000)}".strip()
    return {
        "url": url,
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_pool_overflow,
        "pool_timeout": settings.database_pool_timeout_seconds,
        "pool_reset_on_return": None,
        "pool_use_lifo": True,  # few are used much: what they have prepared is worth more
        "pool_recycle": 1_800,
        "json_deserializer": msgspec.json.decode,
        "connect_args": {
            "connect_timeout": settings.database_connect_timeout_seconds,
            "autocommit": autocommit,
            **limit,
        },
    }


def watch(engine: sa.Engine, *, autocommit: bool) -> None:
    """Look at the connections of ``engine`` when they are taken, and clean them when they come back."""

    def take(driver: Any, record: Any, _proxy: Any) -> None:
        now = time.monotonic()
        if now - record.info.get(_RESTED_SINCE, now) > ASKED_AFTER_SECONDS or _has_spoken(driver):
            _ask(driver)

    def give_back(driver: Any, record: Any, _state: Any) -> None:
        if driver is None or driver.closed:
            return
        if driver.pgconn.transaction_status != pq.TransactionStatus.IDLE:
            driver.rollback()
        if driver.autocommit is not autocommit:
            driver.autocommit = autocommit
        if record is not None:
            record.info[_RESTED_SINCE] = time.monotonic()

    sa.event.listen(engine, "checkout", take)
    sa.event.listen(engine, "reset", give_back)


def _has_spoken(driver: Any) -> bool:
    """Whether something came that nobody asked for: a farewell, most of the time."""
    try:
        waiting = select.poll()
        waiting.register(driver.pgconn.socket, select.POLLIN)
        return bool(waiting.poll(0))
    except (Error, OSError):
        return True


def _ask(driver: Any) -> None:
    try:
        driver.execute("SELECT 1")
        if not driver.autocommit:
            driver.rollback()
    except (Error, OSError) as problem:
        raise DisconnectionError(str(problem)) from problem
