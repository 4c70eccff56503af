"""The search log: noted in Redis, written by a job, clicks tied to their search, nobody counted too often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from storefront.core.clock import frozen, now
from storefront.core.db import db, session
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.ids import new_id
from storefront.search.errors import UnknownSearchType
from storefront.search.log_models import SearchLog, SearchTextDay, SearchTimeDay
from storefront.search.services import (
    log_click,
    log_search,
    log_writing,
    personal,
    purge_tallies,
    write_log,
)
from storefront.search.services.log import MOST_NOTES, NOTES, ClickNote
from tests.factories.accounts import make_user
from tests.factories.catalog import Made, make_product

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = "192.0.2.7"

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def tents(app_context: Flask) -> list[Made]:
    return [make_product(name) for name in ("Dome tent", "Ridge tent", "Peg")]


def search(query: str = "tent", **values: Any) -> None:
    given = {"results_count": 2, "search_type": "text", "milliseconds": 12.6, "address": ADDRESS}
    log_search(ANONYMOUS, query, **(given | values))


def rows() -> list[SearchLog]:
    session().rollback()
    return list(session().scalars(sa.select(SearchLog).order_by(SearchLog.created_at)))


def tallies() -> list[tuple[str, int, int, int]]:
    session().rollback()
    table = SearchTextDay
    found = session().execute(
        sa.select(table.text, table.searches, table.found_nothing, table.clicked).order_by(
            table.day, table.text
        )
    )
    return [tuple(row) for row in found]


def test_a_search_is_noted_without_a_statement_and_written_later(assert_queries) -> None:
    person = make_user()
    with assert_queries(0):
        log_search(
            Identity(person.id, None),
            "  Tent\x00 ",
            results_count=2,
            search_type="text",
            milliseconds=12.6,
            manner="completed",
        )
        log_search(ANONYMOUS, " \n", results_count=0, search_type="text", milliseconds=1)
    assert write_log() == {"searches": 1, "clicks": 0}
    [row] = rows()
    assert (row.query, row.results_count, row.search_type, row.manner) == ("Tent", 2, "text", "completed")
    assert (row.response_time_ms, row.user_id, row.clicked_product_id) == (13, person.id, None)
    assert write_log() == {"searches": 0, "clicks": 0}


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownSearchType):
        search(search_type="guess")


def test_days_are_counted_by_text_and_by_time() -> None:
    with frozen(NOON):
        search("Tent", milliseconds=3)
        search("tent", milliseconds=3)
        search("yurt", results_count=0, milliseconds=8)
        search("anna@example.com", milliseconds=8)
        search("cheap tent", search_type="assistant")
    write_log()
    with frozen(NOON):
        search("tent", milliseconds=3)
    write_log()
    assert tallies() == [("tent", 3, 0, 0), ("yurt", 1, 1, 0)], "nobody reads an address here"
    times = session().execute(
        sa.select(SearchTimeDay.milliseconds, SearchTimeDay.searches).order_by(sa.text("1"))
    )
    assert [tuple(row) for row in times] == [(3, 3), (8, 2)]


@pytest.mark.parametrize(
    ("text", "is_found", "is_personal"),
    [
        ("anna@example.com", True, True),
        ("+49 171 1234567", True, True),
        ("0171 1234567", False, True),
        ("0171 1234567", True, True),
        ("0171/1234567 tent", True, True),
        ("(555) 123-4567", True, True),
        ("anna 01711234567", False, True),
        ("4006381333931", True, False),
        ("4006381333931", False, True),
        ("012345678905", True, False),
        ("sku-100234", True, False),
        ("monitor 1920 x 1080", False, False),
        ("monitor 1920 1080", True, False),
        ("power bank 100000 mah", True, False),
        ("tent for 2", False, False),
        ("rtx 3060", False, False),
    ],
)
def test_which_texts_may_name_a_person(text: str, is_found: bool, is_personal: bool) -> None:
    assert personal.is_personal(text, is_found=is_found) is is_personal


def test_what_may_name_a_person_is_logged_but_counted_nowhere(tents: list[Made]) -> None:
    search("0171 1234567", results_count=0, manner="nothing")
    search("(555) 123-4567", manner="partial", shown=[tents[0].id])
    search("4006381333931", results_count=1, manner="exact")
    log_click("(555) 123-4567", tents[0].slug, ADDRESS)
    assert write_log() == {"searches": 3, "clicks": 1}
    assert tallies() == [("4006381333931", 1, 0, 0)]
    assert len(rows()) == 3


def askers() -> dict[str, int]:
    session().rollback()
    found = session().execute(
        sa.select(SearchTextDay.text, sa.func.sum(SearchTextDay.askers)).group_by(SearchTextDay.text)
    )
    return {row[0]: row[1] for row in found}


def test_a_person_is_one_asker_for_thirty_days() -> None:
    for days in range(3):
        with frozen(NOON + timedelta(days=days)):
            search("Tent", manner="exact")
            search("tent", manner="exact")
            write_log()
    assert askers() == {"tent": 1}
    with frozen(NOON + timedelta(days=2)):
        search("tent", manner="exact", address="192.0.2.8")
        search("tent", manner="exact", address=None)
        write_log()
    assert askers() == {"tent": 2}
    with frozen(NOON + timedelta(days=41)):
        search("tent", manner="exact")
        write_log()
    assert askers() == {"tent": 3}


def test_only_who_was_understood_and_found_something_is_an_asker() -> None:
    for number, manner in enumerate(("exact", "corrected", "completed", "partial", "nothing", None)):
        search("tent", manner=manner, address=f"192.0.2.{number}")
    search("yurt", manner="exact", results_count=0)
    write_log()
    assert askers() == {"tent": 3, "yurt": 0}


@contextmanager
def tallies_locked() -> Iterator[None]:
    """Somebody else has the tallies; who wants to write there gives up soon.

    A connection is impatient only while it is out of the pool: the next test gets it as it was.
    """

    def hurry(driver: psycopg.Connection, _record: object, _proxy: object) -> None:
        driver.execute("SET lock_timeout = '50ms'")

    def calm(driver: psycopg.Connection, _record: object) -> None:
        driver.execute("RESET lock_timeout")
        driver.commit()

    engine = db.engine
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as somebody:
        somebody.execute(sa.text("LOCK TABLE search_text_days"))
        db.session.remove()
        sa.event.listen(engine, "checkout", hurry)
        sa.event.listen(engine, "checkin", calm)
        try:
            yield
        finally:
            db.session.remove()
            sa.event.remove(engine, "checkout", hurry)
            sa.event.remove(engine, "checkin", calm)


def test_who_could_not_be_counted_is_counted_the_next_time() -> None:
    search("tent", manner="exact")
    with tallies_locked(), pytest.raises(OperationalError):
        write_log()
    write_log()
    assert askers() == {"tent": 1}


def test_a_click_finds_its_search_and_where_it_stood(tents: list[Made]) -> None:
    search("Tent", shown=[tents[1].id, tents[0].id])
    write_log()
    log_click("tent", tents[0].slug, ADDRESS)
    assert write_log() == {"searches": 0, "clicks": 1}
    [row] = rows()
    assert (row.clicked_product_id, row.clicked_position) == (tents[0].id, 2)
    log_click("tent", tents[1].slug, ADDRESS)
    write_log()
    assert rows()[0].clicked_product_id == tents[0].id, "the first click counts"
    assert tallies() == [("tent", 1, 0, 1)]


def test_a_click_on_another_page_of_the_list_has_no_position(tents: list[Made]) -> None:
    search(shown=[tents[0].id])
    log_click("tent", tents[2].slug, ADDRESS)
    write_log()
    assert [(row.clicked_product_id, row.clicked_position) for row in rows()] == [(tents[2].id, None)]


@pytest.mark.parametrize(
    ("text", "slug", "address"),
    [
        ("yurt", None, ADDRESS),
        ("tent", "no-such-product", ADDRESS),
        ("tent", None, "192.0.2.8"),
        ("tent", None, None),
    ],
)
def test_a_click_without_its_search_counts_nothing(
    tents: list[Made], text: str, slug: str | None, address: str | None
) -> None:
    search(shown=[tents[0].id])
    log_click(text, slug or tents[0].slug, address)
    assert write_log()["clicks"] == 0
    assert tallies() == [("tent", 1, 0, 0)]


def test_nobody_counts_more_often_than_a_person_can_search(tents: list[Made]) -> None:
    with frozen(NOON):
        for _time in range(log_writing.MOST_A_MINUTE + 20):
            search("buy at elsewhere")
        search("tent", address="192.0.2.8")
    with frozen(NOON + timedelta(minutes=1)):
        search("tent")
    write_log()
    assert tallies() == [("buy at elsewhere", log_writing.MOST_A_MINUTE, 0, 0), ("tent", 2, 0, 0)]


def test_notes_hold_no_address(redis_client: redis.Redis) -> None:
    search()
    assert ADDRESS.encode() not in redis_client.dump(NOTES)
    write_log()
    assert not [key for key in redis_client.scan_iter() if ADDRESS in str(key)]


def test_who_was_erased_meanwhile_keeps_nobody_waiting() -> None:
    log_search(Identity(new_id(), None), "tent", results_count=1, search_type="text", milliseconds=1)
    assert write_log()["searches"] == 1
    assert rows()[0].user_id is None


def test_what_cannot_be_written_waits_and_counts_once(redis_client: redis.Redis) -> None:
    for number in range(log_writing.MOST_A_MINUTE):
        search(f"tent {number:02}")
    with tallies_locked(), pytest.raises(OperationalError):
        write_log()
    assert redis_client.llen(NOTES) == log_writing.MOST_A_MINUTE
    write_log()
    assert [text for text, *_counts in tallies()] == [f"tent {number:02}" for number in range(60)]
    assert len(rows()) == log_writing.MOST_A_MINUTE


@pytest.mark.parametrize("slug", ["\x00x", "x" * 201])
def test_what_can_be_no_slug_is_not_noted(redis_client: redis.Redis, slug: str) -> None:
    log_click("tent", slug, ADDRESS)
    assert redis_client.llen(NOTES) == 0


def test_a_note_that_the_database_refuses_holds_up_nobody(
    redis_client: redis.Redis, tents: list[Made], caplog: pytest.LogCaptureFixture
) -> None:
    search("tent", shown=[tents[0].id])
    packed = msgspec.msgpack.Encoder().encode
    redis_client.rpush(NOTES, packed(ClickNote("tent", "\x00x", "asker", now())))
    search("yurt", results_count=-1)
    log_click("tent", tents[0].slug, ADDRESS)
    assert write_log() == {"searches": 1, "clicks": 1}
    assert [(row.query, row.clicked_position) for row in rows()] == [("tent", 1)]
    assert tallies() == [("tent", 1, 0, 1)]
    assert redis_client.llen(NOTES) == 0
    assert caplog.text.count("search_note_dropped") == 2


def test_a_click_that_cannot_be_written_yet_is_not_lost(tents: list[Made]) -> None:
    search(shown=[tents[0].id])
    write_log()
    log_click("tent", tents[0].slug, ADDRESS)
    with tallies_locked(), pytest.raises(OperationalError):
        write_log()
    assert write_log() == {"searches": 0, "clicks": 1}
    assert tallies() == [("tent", 1, 0, 1)]


def test_two_clicks_at_once_are_one(tents: list[Made]) -> None:
    search(shown=[tents[0].id])
    write_log()
    log_click("tent", tents[0].slug, ADDRESS)
    log_click("tent", tents[1].slug, ADDRESS)
    assert write_log()["clicks"] == 1
    assert rows()[0].clicked_product_id == tents[0].id


def test_of_too_many_that_wait_the_oldest_go(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.search.services.log.MOST_NOTES", 3)
    assert MOST_NOTES > 3
    for number in range(5):
        search(f"tent {number}")
    redis_client.rpush(NOTES, b"of another version")
    write_log()
    assert [row.query for row in rows()] == ["tent 2", "tent 3", "tent 4"]


@pytest.mark.usefixtures("no_redis")
def test_without_redis_a_search_is_no_error() -> None:
    search()
    log_click("tent", "tent", ADDRESS)
    assert rows() == []


def test_old_tallies_go() -> None:
    with frozen(NOON - timedelta(days=101)):
        search("yurt")
    with frozen(NOON):
        search("tent")
    write_log()
    with frozen(NOON):
        assert purge_tallies() == 2
    assert [text for text, *_counts in tallies()] == ["tent"]
