"""From page to page without numbers: nothing is left out or shown twice, whatever was typed into the address."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from storefront.core import clock
from storefront.search.queries import SORTS, ListingPage, ListingRequest, search_listing
from storefront.search.queries.list_statement import MOST_BY_NUMBER, read_position
from tests.emptying import Once
from tests.factories.catalog import Made, make_category, make_product

pytestmark = pytest.mark.usefixtures("app_context")

PER_PAGE = 4
ASKED = ListingRequest(category_slug="mugs", per_page=PER_PAGE)


def make_mugs() -> list[Made]:
    """Eleven mugs; prices, names and dates have equals among them."""
    category = make_category("Mugs")
    first_day = clock.now() - timedelta(days=30)
    return [
        make_product(
            f"Mug {number // 2}",
            f"{10 + number // 3}.00",
            stock=number % 3,
            category=category,
            published_at=first_day + timedelta(days=number // 4),
        )
        for number in range(11)
    ]


@pytest.fixture
def mugs(once: Once) -> list[Made]:
    """The same mugs for each test."""
    return once(make_mugs)


def slugs(page: ListingPage) -> list[str]:
    return [card.slug for card in page.cards]


def onwards(asked: ListingRequest) -> list[list[str]]:
    """The slugs of all pages from the first, each found by where the one before ended."""
    page = search_listing(asked)
    pages = [slugs(page)]
    while page.next_after:
        page = search_listing(replace(asked, position=page.next_after))
        pages.append(slugs(page))
        assert len(pages) < 20, "it must come to an end"
    return pages


@pytest.mark.parametrize("sort", SORTS)
def test_every_product_is_on_one_page_in_every_order(mugs: list[Made], sort: str) -> None:
    pages = onwards(replace(ASKED, sort=sort))
    assert [len(page) for page in pages] == [4, 4, 3]
    assert sorted(slug for page in pages for slug in page) == sorted(mug.slug for mug in mugs)


@pytest.mark.parametrize("sort", SORTS)
def test_numbers_and_positions_show_the_same_pages(mugs: list[Made], sort: str) -> None:
    asked = replace(ASKED, sort=sort)
    assert onwards(asked) == [slugs(search_listing(replace(asked, page=number))) for number in (1, 2, 3)]


@pytest.mark.parametrize("sort", SORTS)
def test_back_leads_to_the_page_one_came_from(mugs: list[Made], sort: str) -> None:
    asked = replace(ASKED, sort=sort)
    first = search_listing(asked)
    assert first.previous_before is None
    assert first.next_after
    second = search_listing(replace(asked, position=first.next_after))
    assert second.previous_before
    back = search_listing(replace(asked, position=second.previous_before))
    assert slugs(back) == slugs(first)
    assert back.next_after
    assert slugs(search_listing(replace(asked, position=back.next_after))) == slugs(second)


def test_the_last_page_leads_nowhere(mugs: list[Made]) -> None:
    assert search_listing(replace(ASKED, page=3)).next_after is None
    assert search_listing(replace(ASKED, per_page=20)).next_after is None
    assert search_listing(replace(ASKED, per_page=11)).next_after is None


def test_a_place_stays_when_something_is_added_before_it(mugs: list[Made]) -> None:
    asked = replace(ASKED, sort="price_up")
    first = search_listing(asked)
    assert first.next_after
    second = slugs(search_listing(replace(asked, position=first.next_after)))
    cheap = make_product("Cheap mug", "1.00", slug="cheap", category=Made(_category_of(mugs), "mugs"))
    assert slugs(search_listing(asked))[0] == cheap.slug
    assert slugs(search_listing(replace(asked, position=first.next_after))) == second


def test_positions_go_on_under_a_choice_and_a_text(mugs: list[Made]) -> None:
    chosen = replace(ASKED, in_stock=True, sort="price_down")
    assert [len(page) for page in onwards(chosen)] == [4, 3]
    found = replace(ASKED, category_slug=None, text="mug", sort="name")
    in_order = [slug for page in onwards(found) for slug in page]
    assert in_order == sorted(in_order, key=lambda slug: slug.rsplit("-", 1)[0])
    assert len(in_order) == 11


def _written(*parts: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


@pytest.mark.parametrize(
    "position",
    [
        "garbage",
        "!!!",
        "é",
        "a" * 10_000,
        _written("name", "after", "Mug", "01a21cca-0123-7b36-a595-32a8adceffba"),  # another order's
        _written("price_up", "sideways", "10.00", "01a21cca-0123-7b36-a595-32a8adceffba"),
        _written("price_up", "after", "ten", "01a21cca-0123-7b36-a595-32a8adceffba"),
        _written("price_up", "after", "10.00", "no id"),
        _written("price_up", "after", "10.00"),
        _written("price_up", "after"),
        _written(1, 2, 3),
        _written("price_up", "after", "10.00", "01a21cca-0123-7b36-a595-32a8adceffba", "more"),
        _written("price_up", "after", "NaN", "01a21cca-0123-7b36-a595-32a8adceffba"),
        _written("price_up", "after", "1e500000", "01a21cca-0123-7b36-a595-32a8adceffba"),
        _written("price_up", "after", "1e131073", "01a21cca-0123-7b36-a595-32a8adceffba"),
        _written("price_up", "after", "1e-131073", "01a21cca-0123-7b36-a595-32a8adceffba"),
    ],
)
def test_a_position_that_is_none_is_the_first_page(mugs: list[Made], position: str) -> None:
    asked = replace(ASKED, sort="price_up", position=position)
    assert slugs(search_listing(asked)) == slugs(search_listing(replace(asked, position="")))


@pytest.mark.parametrize(
    ("sort", "values"), [("rating", ("4.5", 99_999_999_999)), ("name", ("a\x00b",)), ("relevance", (1e999,))]
)
def test_a_position_that_no_row_can_hold_is_the_first_page(
    mugs: list[Made], sort: str, values: tuple[object, ...]
) -> None:
    raw = json.dumps([sort, "after", *values, "01a21cca-0123-7b36-a595-32a8adceffba"]).encode()
    asked = replace(ASKED, sort=sort, position=base64.urlsafe_b64encode(raw).decode().rstrip("="))
    assert slugs(search_listing(asked)) == slugs(search_listing(replace(asked, position="")))


def test_a_position_is_read_as_it_was_written(mugs: list[Made]) -> None:
    page = search_listing(replace(ASKED, sort="price_up"))
    assert page.next_after
    position = read_position(page.next_after, "price_up")
    assert position
    assert position.way == "after"
    assert position.values == (Decimal(11), page.cards[-1].id)
    assert read_position(page.next_after, "price_down") is None


def test_a_number_too_far_costs_no_scan(mugs: list[Made], assert_queries) -> None:
    search_listing(ASKED)
    page = search_listing(replace(ASKED, page=10**9))
    assert page.page == 3
    assert MOST_BY_NUMBER <= 10_000


def _category_of(mugs: list[Made]) -> object:
    from storefront.catalog.models import Product
    from storefront.core.db import session

    product = session().get(Product, mugs[0].id)
    assert product
    return product.category_id
