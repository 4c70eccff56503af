"""Wishes in ordinary words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.assistant.engines.builtin.wishes import Wish, read_wish


@pytest.mark.parametrize(
    ("message", "wish"),
    [
        (
            "waterproof jacket under 150 in blue",
            Wish("waterproof jacket", max_price=Decimal(150), colour="blue", is_explicit=True),
        ),
        ("I'm looking for a tent below €300", Wish("tent", max_price=Decimal(300), is_explicit=True)),
        ("a gift for my dad", Wish("", is_gift=True, is_explicit=True)),
        (
            "gift ideas up to 49.90 euros",
            Wish("", max_price=Decimal("49.90"), is_gift=True, is_explicit=True),
        ),
        (
            "mugs between 20 and 10 euros",
            Wish("mugs", min_price=Decimal(10), max_price=Decimal(20), is_explicit=True),
        ),
        ("boots size 43", Wish("boots", size="43")),
        ("fleece, size small", Wish("fleece", size="S")),
        ("green fleece in L", Wish("fleece", colour="green", size="L")),
        ("the cheapest sleeping bag", Wish("sleeping bag", sort="price_up", is_explicit=True)),
        ("best rated headlamp", Wish("headlamp", sort="rating", is_explicit=True)),
        ("Drizzle Packable Rain Jacket", Wish("Drizzle Packable Rain Jacket")),
        ("do you sell rain trousers?", Wish("rain trousers", is_explicit=True)),
        ("stove for 60€", Wish("stove", max_price=Decimal(60))),
        ("around 50", Wish("", min_price=Decimal("40.0"), max_price=Decimal("60.0"))),
        ("over 200", Wish("", min_price=Decimal(200))),
        ("hello!", Wish("")),
    ],
)
def test_a_wish_is_read(message: str, wish: Wish) -> None:
    assert read_wish(message) == wish


@given(st.text(max_size=300))
def test_any_text_gives_a_wish(message: str) -> None:
    wish = read_wish(message)
    assert wish.min_price is None or wish.max_price is None or wish.min_price <= wish.max_price
    assert wish.text == " ".join(wish.text.split())
