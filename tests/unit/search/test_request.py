"""Whatever is asked for, a sensible request goes on."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from storefront.search.queries import ListingRequest, clean_text
from storefront.search.queries.facets import natural_order
from storefront.search.queries.price_ranges import PRICE_STEPS, price_ranges


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (None, ""),
        ("  two   words\n", "two words"),
        ("nul\x00l", "nul l"),
        ("\u202etent\u200b", "tent"),
        ("\ud800", ""),
        ("x" * 10_000, "x" * 200),
        ("emoji 🏕️ stays", "emoji 🏕️ stays"),
    ],
)
def test_text_is_cleaned(raw: str | None, clean: str) -> None:
    assert clean_text(raw) == clean


def test_impossible_values_are_left_out() -> None:
    request = ListingRequest(
        price_min=Decimal("NaN"),
        price_max=Decimal("1e40"),
        rating_min=99,
        brands=("", "a", "a", *(str(number) for number in range(50))),
        options={"": ("M",), "Size": ("",), "Colour": ("Fir",)},
        sort="'; drop",
        page=-4,
        per_page=10**9,
    ).cleaned()
    assert request.price_min is None
    assert request.price_max == Decimal("9999999999.00")
    assert request.rating_min == 5
    assert len(request.brands) == 20
    assert request.options == {"Colour": ("Fir",)}
    assert (request.sort, request.page, request.per_page) == ("relevance", 1, 1_000)


def test_prices_upside_down_are_turned() -> None:
    request = ListingRequest(price_min=Decimal(90), price_max=Decimal(-5)).cleaned()
    assert (request.price_min, request.price_max) == (Decimal("0.00"), Decimal("90.00"))


def test_sizes_and_numbers_line_up_as_people_expect() -> None:
    values = ["XL", "98/104", "S", "10 l", "Fir", "2 l", "M", "Ember", "XXL"]
    assert sorted(values, key=natural_order) == [
        "S",
        "M",
        "XL",
        "XXL",
        "2 l",
        "10 l",
        "98/104",
        "Ember",
        "Fir",
    ]


def step_of(price: str) -> int:
    return sum(1 for edge in PRICE_STEPS if edge <= Decimal(price))


def test_ranges_share_the_products_evenly_and_touch_without_overlap() -> None:
    by_step = {
        step_of(price): count for price, count in {"12": 10, "25": 10, "60": 10, "110": 10, "400": 10}.items()
    }
    ranges = price_ranges(by_step)
    assert [one.count for one in ranges] == [10, 10, 10, 10, 10]
    assert (ranges[0].low, ranges[-1].high) == (None, None)
    for before, after in pairwise(ranges):
        assert before.high is not None
        assert after.low == before.high + Decimal("0.01")


def test_one_price_makes_no_ranges() -> None:
    assert price_ranges({step_of("20"): 40}) == []
    assert price_ranges({}) == []
