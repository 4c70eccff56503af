"""Months come by themselves, no row is ever refused, and rows that waited move into their month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import errors

from tests.migrations import rows
from tests.migrations.conftest import Logins


def _month_start(months_from_now: int) -> datetime:
    today = datetime.now(UTC)
    index = today.year * 12 + today.month - 1 + months_from_now
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def _where(logins: Logins, table: str, row_id: object) -> str:
    found = logins.owner.execute(
        f"SELECT tableoid::regclass::text FROM {table} WHERE id = %s",  # noqa: S608
        (row_id,),
    ).fetchone()
    assert found is not None
    return str(found[0])


@pytest.fixture(autouse=True)
def _drop_extra_months(logins: Logins) -> Iterator[None]:
    """The database is shared with other tests: months made here go again."""
    known = _partitions(logins)
    yield
    for name, table in _partitions(logins).items():
        if name not in known:
            logins.owner.execute("DELETE FROM message_feedback")
            logins.owner.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
            logins.owner.execute(f"DROP TABLE {name}")


def _partitions(logins: Logins) -> dict[str, str]:
    """Partitions with the table they belong to."""
    return dict(
        logins.owner.execute(
            "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"
            " JOIN pg_class ON pg_class.oid = inhparent WHERE relkind = 'p'"
        ).fetchall()
    )


@pytest.mark.parametrize("table", ["messages", "analytics_events", "search_logs", "audit_logs"])
def test_coming_months_are_made_once(logins: Logins, table: str) -> None:
    made = logins.app.execute("SELECT ensure_partitions(%s, 6)", (table,)).fetchone()
    assert made == (3,)  # the migration made this month and three more
    assert logins.app.execute("SELECT ensure_partitions(%s, 6)", (table,)).fetchone() == (0,)
    assert f"{table}_{_month_start(6):%Y_%m}" in _partitions(logins)


def test_the_last_moment_of_a_month_belongs_to_it(logins: Logins) -> None:
    border = _month_start(1)
    before = rows.insert(
        logins.app, "analytics_events", event_type="view", created_at=border - timedelta(microseconds=1)
    )
    after = rows.insert(logins.app, "analytics_events", event_type="view", created_at=border)
    assert _where(logins, "analytics_events", before) == f"analytics_events_{_month_start(0):%Y_%m}"
    assert _where(logins, "analytics_events", after) == f"analytics_events_{border:%Y_%m}"


def test_rows_in_default_move_when_their_month_is_made_and_feedback_stays(logins: Logins) -> None:
    talk = rows.conversation(logins.app, session_id=rows.visit(logins.app))
    moment = _month_start(5) + timedelta(days=3)
    early = rows.message(logins.app, talk, created_at=moment, content="from the future")
    later = rows.message(logins.app, talk, created_at=_month_start(20))
    feedback = rows.insert(
        logins.app,
        "message_feedback",
        message_id=early,
        message_created_at=moment,
        rating="up",
        comment="good",
    )
    assert _where(logins, "messages", early) == "messages_default"
    assert logins.app.execute("SELECT ensure_partitions('messages', 5)").fetchone() == (2,)
    assert _where(logins, "messages", early) == f"messages_{moment:%Y_%m}"
    assert _where(logins, "messages", later) == "messages_default", "its month has not come"
    kept = logins.app.execute("SELECT id, rating, comment FROM message_feedback").fetchall()
    assert kept == [(feedback, "up", "good")]
    logins.app.execute("DELETE FROM messages WHERE id = %s", (early,))
    assert logins.app.execute("SELECT count(*) FROM message_feedback").fetchone() == (0,)


def test_old_rows_get_their_month_too(logins: Logins) -> None:
    old = rows.insert(
        logins.app, "search_logs", query="tent", results_count=1, search_type="text", response_time_ms=3,
        created_at="2024-02-29T12:00:00Z",
    )  # fmt: skip
    assert logins.app.execute("SELECT ensure_partitions('search_logs', 0)").fetchone() == (1,)
    assert _where(logins, "search_logs", old) == "search_logs_2024_02"


def test_the_audit_trail_moves_though_it_is_append_only(logins: Logins) -> None:
    entry = rows.insert(
        logins.app, "audit_logs", action="update", resource_type="product", resource_id="1",
        created_at="2024-02-10T12:00:00Z",
    )  # fmt: skip
    logins.app.execute("SELECT ensure_partitions('audit_logs', 0)")
    assert _where(logins, "audit_logs", entry) == "audit_logs_2024_02"
    with pytest.raises(errors.RestrictViolation):
        logins.owner.execute("DELETE FROM audit_logs WHERE id = %s", (entry,))
    logins.app.execute("SET storefront.moving_rows = 'on'")
    with pytest.raises(errors.InsufficientPrivilege):
        logins.app.execute("DELETE FROM audit_logs WHERE id = %s", (entry,))


def test_only_the_partitioned_tables_and_sensible_spans(logins: Logins) -> None:
    for arguments in (("users", 3), ("messages; DROP TABLE users", 3), ("messages", 37), ("messages", -1)):
        with pytest.raises(errors.InvalidParameterValue):
            logins.app.execute("SELECT ensure_partitions(%s, %s)", arguments)
    with pytest.raises(errors.InsufficientPrivilege):
        logins.shopper.execute("SELECT ensure_partitions('messages', 3)")


def test_partitions_are_reached_through_their_table_only(logins: Logins) -> None:
    for partition in ("messages_default", f"messages_{_month_start(0):%Y_%m}"):
        for connection in (logins.app, logins.shopper):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"SELECT FROM {partition}")
