"""The outbox's drain: each entry is done once, a failing one is tried again later and holds up nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.outbox import OutboxEntry, claim_all, enqueue, enqueue_once
from storefront.jobs import outbox
from tests.servers import TestDatabases

pytestmark = pytest.mark.usefixtures("app_context")
Handled = list[str]


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> Handled:
    """The names that the handlers of ``test.good`` and ``test.bad`` were given; the latter breaks its transaction."""
    names: Handled = []

    def good(name: str) -> None:
        names.append(name)

    def bad(name: str) -> None:
        names.append(name)
        session().execute(sa.text("SELECT no_such_column"))

    for kind, handler in {"test.good": good, "test.bad": bad}.items():
        monkeypatch.setitem(outbox._handlers, kind, handler)
    return names


def enqueued(*entries: tuple[str, str]) -> None:
    with transaction():
        for kind, name in entries:
            enqueue(kind, name=name)


def states() -> dict[str, tuple[bool, int]]:
    """By name: whether the entry is done, and how often it was tried."""
    session().rollback()
    rows = session().execute(
        sa.select(OutboxEntry.payload["name"].astext, OutboxEntry.done_at.is_not(None), OutboxEntry.attempts)
    )
    return {name: (done, attempts) for name, done, attempts in rows}


def test_handler_that_breaks_its_transaction_holds_up_nobody(handled: Handled) -> None:
    enqueued(("test.good", "first"), ("test.bad", "poison"), ("test.good", "last"))
    assert outbox.drain() == 2
    assert handled == ["first", "poison", "last"]
    assert states() == {"first": (True, 1), "poison": (False, 1), "last": (True, 1)}
    error = session().scalar(sa.select(OutboxEntry.last_error).where(OutboxEntry.done_at.is_(None)))
    assert error is not None
    assert "no_such_column" in error


@pytest.mark.parametrize(("tries", "pause"), [(1, 20), (2, 40), (3, 80)])
def test_failing_entry_waits_twice_as_long_each_time(handled: Handled, tries: int, pause: int) -> None:
    moment = now()
    enqueued(("test.bad", "poison"))
    for number in range(tries):
        with frozen(moment + timedelta(hours=number + 1)):
            outbox.drain()
    last = moment + timedelta(hours=tries)
    for seconds, expected in ((pause - 1, tries), (pause + 1, tries + 1)):
        with frozen(last + timedelta(seconds=seconds)):
            outbox.drain()
        assert len(handled) == expected


def test_what_is_wanted_once_is_written_once_and_hastened(handled: Handled) -> None:
    def wanted(*names: str) -> None:
        with transaction():
            for name in names:
                enqueue_once("test.bad", name=name)

    wanted("one", "one", "other")
    outbox.drain()
    assert handled == ["one", "other"]
    wanted("one")
    outbox.drain()
    assert handled == ["one", "other", "one"], "its pause is over, the other one's is not"
    enqueued(("test.good", "new"))
    with transaction():
        claim_all("test.good", timedelta(minutes=5))
        enqueue_once("test.good", name="new")
    outbox.drain()
    assert handled[3:] == ["new"], "whoever handles the first may not have seen what is new"


def test_entry_without_a_handler_is_kept() -> None:
    enqueued(("test.unknown", "lost"))
    assert outbox.drain() == 0
    assert states() == {"lost": (False, 1)}


def test_what_is_being_handled_is_taken_by_nobody_else(
    handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drains_too(name: str) -> None:
        handled.append(name)
        assert outbox.drain() == 0

    drain_again: Callable[[str], None] = drains_too
    monkeypatch.setitem(outbox._handlers, "test.good", drain_again)
    enqueued(("test.good", "once"))
    assert outbox.drain() == 1
    assert handled == ["once"]


def test_a_drain_of_one_kind_does_not_walk_the_others(databases: TestDatabases, database_name: str) -> None:
    with transaction():
        session().execute(
            sa.text(
                "INSERT INTO outbox (kind, payload, available_at)"
                " SELECT 'mail.order_placed', '{}', now() - interval '1 day' FROM generate_series(1, 5000)"
            )
        )
        enqueue("cache.forget", tags=["products"])
    with psycopg.connect(databases.admin_url(database_name), autocommit=True) as admin:
        admin.execute("ANALYZE outbox")  # the app's login may not
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with transaction():
            assert [one.kind for one in claim_all("cache.forget", timedelta(minutes=1))] == ["cache.forget"]
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    [(statement, parameters)] = asked
    plan = session().connection().exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
    assert "ix_outbox_kind_due" in "\n".join(plan)
