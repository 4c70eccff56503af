"""The box under the search field."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.dialects.postgresql import asyncpg

from storefront.core.clock import frozen, now
from storefront.core.db import session
from storefront.core.identity import ANONYMOUS
from storefront.search.queries import suggest
from storefront.search.queries.suggest import _names_statement
from storefront.search.services import log_search, refresh_popular_searches, refresh_words, write_log
from tests.factories.catalog import make_brand, make_category, make_product
from tests.servers import TestDatabases

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def shop(app_context: object) -> None:
    shelter = make_category("Shelter")
    tents = make_category("Tents", shelter)
    tarnholt = make_brand("Tarnholt")
    make_product("Drift Dome Tent", category=tents)
    make_product("Tent Peg", category=tents, brand=tarnholt)
    make_product("Stove", description="Not for use in a tent.")
    refresh_words()
    suggest("stove")  # what a process keeps of the catalog is read


def log(query: str, people: int, results: int = 5, kind: str = "text", manner: str = "exact") -> None:
    for number in range(people):
        log_search(
            ANONYMOUS,
            query,
            results_count=results,
            search_type=kind,
            milliseconds=3.4,
            manner=manner,
            address=f"192.0.2.{number}",
        )
    write_log()


@pytest.mark.parametrize(("typed", "statements"), [("ta", 4), ("dome te", 4), ("drfit", 4), ("xyz", 3)])
def test_suggestions_take_four_statements_at_most(assert_queries, typed: str, statements: int) -> None:
    with assert_queries(4) as sent:
        suggest(typed)
    assert len(sent) == statements


def test_products_categories_and_brands() -> None:
    found = suggest("ta")
    assert [brand.name for brand in found.brands] == ["Tarnholt"]
    found = suggest("ten")
    assert {card.name for card in found.products[:2]} == {"Drift Dome Tent", "Tent Peg"}
    assert [(one.name, one.path) for one in found.categories] == [("Tents", "Shelter")]


def test_last_word_may_be_half_and_a_slip_is_forgiven() -> None:
    assert [card.name for card in suggest("dome te").products] == ["Drift Dome Tent"]
    assert "Drift Dome Tent" in [card.name for card in suggest("drfit").products]


def test_one_letter_and_nothing_suggest_nothing(assert_queries) -> None:
    with assert_queries(0):
        assert suggest("t").total == 0
        assert suggest("").total == 0
        assert suggest("!!!").total == 0


def test_popular_successful_queries_are_suggested_and_private_ones_are_not() -> None:
    log("tent for two", 3)
    log("tent rare", 2)
    log("tent nobody has", 5, results=0)
    log("tent half understood", 5, manner="partial")
    for _time in range(3):
        log("tent of one person", 1)
    log("tents anna@example.com", 5)
    log("tent 0171234567", 5)
    log("tent suggested", 5, kind="suggest")
    refresh_popular_searches()
    assert suggest("ten").queries == ("tent for two",)
    assert suggest("tent for two").queries == ("tent for two",)
    assert suggest("tent-").queries == ()


def test_the_commonest_first_and_what_nobody_asks_for_any_more_goes() -> None:
    with frozen(now() - timedelta(days=31)):
        log("tent of old", 9)
    with frozen(now() - timedelta(days=5)):
        refresh_popular_searches()
        assert suggest("ten").queries == ("tent of old",)
    log("tent rare", 3)
    log("tent common", 5)
    assert refresh_popular_searches()
    assert suggest("ten").queries == ("tent common", "tent rare")
    assert suggest("TENT C").queries == ("tent common",)


def test_suggestions_read_a_range_of_the_index_in_a_plan_for_any_text(
    databases: TestDatabases, database_name: str
) -> None:
    with psycopg.connect(databases.admin_url(database_name), autocommit=True) as admin:
        admin.execute(
            "INSERT INTO popular_searches SELECT 'text ' || n, 3, 3 FROM generate_series(1, 5000) AS n"
        )
        admin.execute("ANALYZE popular_searches")
    statement = _names_statement().compile(dialect=asyncpg.dialect())  # with $1, as PostgreSQL plans it
    plan = session().connection().exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {statement}").scalars()
    assert "ix_popular_searches_beginning" in "\n".join(plan)


@pytest.mark.parametrize("typed", ["'", "a & b", "x" * 10_000, "\x00", "🏕️🏕️", "ten\\", "%%", "te:*", "خيمة"])
def test_no_text_breaks_the_box(typed: str) -> None:
    assert suggest(typed).total >= 0
