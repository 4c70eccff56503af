"""Nothing that a shopper asks for reads a large table from end to end: each statement's plan at 100,000 products."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from storefront.catalog.queries import home_page, product_page, related_products
from storefront.core.db import db, session
from storefront.core.settings import Settings
from storefront.core.statements import observers
from storefront.search.queries import (
    ListingRequest,
    forget_what_is_kept,
    postgresql,
    search_listing,
    suggest,
)
from tests.servers import TestDatabases
from tests.unit.search.large_catalog import COMMON, OF_MOST_BRANDS, PRODUCTS, RARE, write_catalog

DATABASE = f"large_catalog_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
LARGE = {"products", "product_search", "category_listing", "search_words"}
MOST_ROWS_READ = 25_000
"""Of one relation in one statement: a quarter of the largest category and its sample, never the catalog."""


@pytest.fixture(scope="module")
def large_shop(databases: TestDatabases, settings: Settings, application: Flask) -> Iterator[Flask]:
    from storefront import create_app, jobs

    urls = databases.migrated(DATABASE)
    write_catalog(databases.admin_url(DATABASE))
    forget_what_is_kept()
    changed = {
        "database_url": SecretStr(urls.app),
        "database_owner_url": SecretStr(urls.owner),
        "database_shopper_url": SecretStr(urls.shopper),
        "embeddings_backend": "off",
    }
    app = create_app(settings.model_copy(update=changed))
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    forget_what_is_kept()
    jobs.init_celery(application, settings)  # jobs run in the application that was made last
    databases.drop(DATABASE)


@contextmanager
def explained() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What the block sends to the database, each statement with its plan as it was carried out."""
    asked: list[tuple[str, Any]] = []
    plans: list[tuple[str, dict[str, Any]]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    def note_compiled(statement: str, values: Any) -> None:
        asked.append((statement, values))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    observers.append(note_compiled)
    try:
        yield plans
    finally:
        observers.remove(note_compiled)
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    connection = session().connection()
    for statement, parameters in asked:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            how = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
            if "$1" in statement:
                driver: Any = connection.connection.dbapi_connection
                cursor: Any = psycopg.RawCursor(driver)
                [found] = cursor.execute(how + statement, parameters).fetchone()
            else:
                found = connection.exec_driver_sql(how + statement, parameters).scalar()
            plan = json.loads(found) if isinstance(found, str) else found
            plans.append((" ".join(statement.split()), plan[0]["Plan"]))
    session().rollback()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _rows(node: dict[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


JACKET_LIKE = ListingRequest(category_slug="shelf-1")
ASKED: dict[str, Callable[[], object]] = {
    "home": home_page,
    "a department": lambda: search_listing(JACKET_LIKE),
    "a category": lambda: search_listing(ListingRequest(category_slug="shelf-5")),
    "two facets": lambda: search_listing(
        ListingRequest(category_slug="shelf-5", brands=("maker-1",), specifications={"Colour": ("red",)})
    ),
    "two facets that few products have": lambda: search_listing(
        ListingRequest(category_slug="shelf-5", brands=("maker-1",), price_max=Decimal(6), rating_min=4)
    ),
    "a price range": lambda: search_listing(
        ListingRequest(category_slug="shelf-1", price_min=Decimal(100), price_max=Decimal(101))
    ),
    "dearest first": lambda: search_listing(ListingRequest(category_slug="shelf-1", sort="price_down")),
    "the newest in stock": lambda: search_listing(
        ListingRequest(category_slug="shelf-1", sort="newest", in_stock=True)
    ),
    "the cheapest of a dear brand": lambda: search_listing(
        ListingRequest(brands=("maker-0",), price_min=Decimal(800), sort="price_up")
    ),
    "the newest of a large brand": lambda: search_listing(ListingRequest(brands=("maker-0",), sort="newest")),
    "everything": lambda: search_listing(ListingRequest()),
    "a common word": lambda: search_listing(ListingRequest(text=COMMON)),
    "a rare word": lambda: search_listing(ListingRequest(text=RARE)),
    "three words": lambda: search_listing(ListingRequest(text=f"{COMMON} kind7 maker")),
    "a misspelt word": lambda: search_listing(ListingRequest(text="lantren")),
    "a half word": lambda: search_listing(ListingRequest(text="zephyr")),
    "nonsense": lambda: search_listing(ListingRequest(text="qqqqqq wwwwww")),
    "a code": lambda: search_listing(ListingRequest(text="S-77")),
    "a word under two facets": lambda: search_listing(
        ListingRequest(text=COMMON, brands=("maker-5",), specifications={"Colour": ("red",)})
    ),
    "a colour beside a common word": lambda: search_listing(ListingRequest(text=f"red {COMMON}")),
    "a colour beside a rare word": lambda: search_listing(ListingRequest(text=f"red {RARE}")),
    "a common word, cheapest first": lambda: search_listing(ListingRequest(text=COMMON, sort="price_up")),
    "two letters typed": lambda: suggest("la"),
    "a word typed": lambda: suggest(COMMON),
    "a rare beginning": lambda: suggest("zeph"),
    "a slip while typing": lambda: suggest("lnatern"),
    "two words typed": lambda: suggest("lantern ki"),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_large_table_is_read_from_end_to_end(large_shop: Flask, asked: str) -> None:
    with large_shop.app_context():
        ASKED[asked]()  # what a process keeps is read
        session().rollback()
        with explained() as plans:
            ASKED[asked]()
    assert plans
    for statement, plan in plans:
        for node in _nodes(plan):
            if node.get("Relation Name") in LARGE and node["Actual Loops"]:
                assert node["Node Type"] != "Seq Scan", (
                    f"{node['Relation Name']}: {node.get('Filter')}: {statement[:200]}"
                )
                assert _rows(node) <= MOST_ROWS_READ, (
                    f"{node['Relation Name']} {_rows(node)}: {statement[:300]}"
                )


DEPARTMENT = ListingRequest(category_slug="shelf-1")


@pytest.mark.parametrize(
    "asked",
    [
        replace(DEPARTMENT, brands=("maker-1", "maker-5"), in_stock=True),
        replace(DEPARTMENT, brands=("maker-1",)),
        replace(DEPARTMENT, brands=("maker-5",), price_min=Decimal(20), price_max=Decimal("350.50"), page=3),
        replace(DEPARTMENT, price_min=Decimal(150), price_max=Decimal("199.99")),
        replace(DEPARTMENT, rating_min=4, in_stock=True, price_max=Decimal(250)),
    ],
)
def test_a_department_s_list_passes_over_what_it_knows_is_not_wanted(
    large_shop: Flask, monkeypatch: pytest.MonkeyPatch, asked: ListingRequest
) -> None:
    with large_shop.app_context():
        search_listing(asked)  # what a process keeps is read, and counted
        session().rollback()
        with explained() as plans:
            page = search_listing(asked)
        (plan,) = (plan for statement, plan in plans if "category_listing" in statement)
        looked_at = sum(_rows(one) for one in _nodes(plan) if one.get("Relation Name") == "product_search")
        assert looked_at <= asked.page * 30 + 1
        monkeypatch.setattr(postgresql, "are_few", lambda *_counts, **_told: True)
        gathered = search_listing(asked)
    assert [card.id for card in page.cards] == [card.id for card in gathered.cards]
    assert len(page.cards) == asked.per_page


def test_a_products_page_reads_rows_by_their_keys(large_shop: Flask) -> None:
    with large_shop.app_context(), explained() as plans:
        page = product_page("product-77")
        assert page
        assert related_products(page)
    for statement, plan in plans:
        for node in _nodes(plan):
            if node.get("Relation Name") in LARGE and node["Actual Loops"]:
                assert node["Node Type"] != "Seq Scan", statement[:300]
                assert _rows(node) <= 1_000, statement[:300]


def test_the_catalog_is_as_large_as_it_says(large_shop: Flask) -> None:
    with large_shop.app_context():
        page = search_listing(ListingRequest())
        assert page.total == pytest.approx(PRODUCTS, rel=0.05)
        assert not page.total_is_exact
        rare = search_listing(ListingRequest(text=RARE))
        assert (rare.total, rare.total_is_exact) == (PRODUCTS // 2_500, True)


def test_counts_beyond_ten_thousand_are_near_and_say_so(large_shop: Flask) -> None:
    with large_shop.app_context():
        page = search_listing(ListingRequest(text=COMMON))
        assert not page.total_is_exact
        assert page.total == pytest.approx(PRODUCTS / 5, rel=0.06)
        brand = next(facet for facet in page.facets if facet.kind == "brand")
        assert len(brand.options) == 10
        others = [option.count for option in brand.options if option.value != "maker-0"]
        assert others == [pytest.approx(OF_MOST_BRANDS, rel=0.25)] * 9
        narrowed = search_listing(ListingRequest(text=COMMON, brands=("maker-5",)))
        assert (narrowed.total, narrowed.total_is_exact) == (OF_MOST_BRANDS, True)


def test_beside_few_of_many_the_other_facets_are_counted_one_by_one(large_shop: Flask) -> None:
    with large_shop.app_context():
        asked = ListingRequest(text=COMMON, brands=("maker-5",), specifications={"Colour": ("red",)})
        facets = {(one.kind, one.name): one for one in search_listing(asked).facets}
    assert facets["category", ""].is_exact
    assert not facets["brand", ""].is_exact, "what stands beside the chosen brand is estimated"
    (chosen,) = (one for one in facets["brand", ""].options if one.selected)
    assert chosen.count == pytest.approx(OF_MOST_BRANDS / 3, abs=2)
