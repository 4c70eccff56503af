"""Money adds up to the cent, whatever is split."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.money import ZERO, included_tax, percent_of, round_money, spread

amounts = st.decimals(min_value=0, max_value=1_000_000, places=2)


@given(amount=amounts, weights=st.lists(amounts, min_size=1, max_size=30))
def test_spread_loses_no_cent_and_gives_nobody_too_much(amount: Decimal, weights: list[Decimal]) -> None:
    if sum(weights) == 0:
        if amount:
            with pytest.raises(ValueError, match="nothing to spread"):
                spread(amount, weights)
        return
    parts = spread(amount, weights)
    assert sum(parts, ZERO) == amount
    total = sum(weights, ZERO)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / total) < Decimal("0.01")


@given(weights=st.lists(amounts, min_size=1, max_size=10))
def test_spread_of_the_whole_gives_each_its_own(weights: list[Decimal]) -> None:
    if sum(weights):
        assert spread(sum(weights, ZERO), weights) == weights


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.005", "0.00"), ("0.015", "0.02"), ("2.675", "2.68"), ("2.665", "2.66"), ("10", "10.00")],
)
def test_rounding_is_half_even(amount: str, rounded: str) -> None:
    assert round_money(Decimal(amount)) == Decimal(rounded)
    assert round_money(Decimal(amount)).as_tuple().exponent == -2


def test_tax_inside_a_price() -> None:
    assert included_tax(Decimal("119.00"), Decimal(19)) == Decimal("19.00")
    assert included_tax(Decimal("9.99"), Decimal(19)) == Decimal("1.60")
    assert percent_of(Decimal("9.99"), Decimal(10)) == Decimal("1.00")
