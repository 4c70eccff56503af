"""However a refund is divided, its parts sum to what was paid, to the cent."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storefront.core.money import ZERO
from storefront.orders.refund_shares import NothingLeft, Part, Share, shares_of

CENT = Decimal("0.01")


@st.composite
def parts(draw: st.DrawFn) -> list[Part]:
    """Lines of one to twelve units and a shipping, each with a tax within it."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        cents = draw(st.integers(0, 50_000))
        tax = draw(st.integers(0, cents))
        found.append(Part(uuid.UUID(int=number), draw(st.integers(1, 12)), cents * CENT, tax * CENT))
    shipping = draw(st.integers(0, 2_000))
    return [*found, Part(None, 0, shipping * CENT, draw(st.integers(0, shipping)) * CENT)]


def taken(all_parts: list[Part], shares: list[Share]) -> list[Part]:
    """What is left; nothing of it may be below zero, nor its tax above it."""
    by_item = {share.item_id: share for share in shares}
    left = [part.without(by_item[part.item_id]) if part.item_id in by_item else part for part in all_parts]
    for part in left:
        assert part.quantity >= 0
        assert 0 <= part.tax <= part.amount
    return left


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(parts(), st.data())
def test_any_way_of_giving_all_back_gives_exactly_all_back(
    all_parts: list[Part], data: st.DataObject
) -> None:
    left, amount, tax = all_parts, ZERO, ZERO
    while any(part.quantity for part in left):
        part = data.draw(st.sampled_from([one for one in left if one.quantity]))
        assert part.item_id is not None
        units = data.draw(st.integers(1, part.quantity))
        # Now and then goodwill comes in between, and money of the shipping.
        extra = data.draw(st.integers(0, 300)) * CENT
        extra = min(extra, sum((one.amount for one in left), ZERO) - part.amount)
        shares = shares_of(left, {part.item_id: units}, adjustment=max(extra, ZERO))
        amount += sum((share.amount for share in shares), ZERO)
        tax += sum((share.tax for share in shares), ZERO)
        left = taken(left, shares)
    rest = sum((part.amount for part in left), ZERO)
    if rest:
        shares = shares_of(left, {}, adjustment=rest)
        amount += sum((share.amount for share in shares), ZERO)
        tax += sum((share.tax for share in shares), ZERO)
        left = taken(left, shares)
    assert amount == sum((part.amount for part in all_parts), ZERO)
    assert tax == sum((part.tax for part in all_parts), ZERO)
    assert all(part.amount == part.tax == 0 for part in left)


@given(parts(), st.integers(1, 5_000))
def test_what_is_kept_lowers_the_refund_by_exactly_that(all_parts: list[Part], kept_cents: int) -> None:
    units = {part.item_id: part.quantity for part in all_parts if part.item_id is not None}
    whole = shares_of(all_parts, units)
    kept = min(kept_cents * CENT, sum((share.amount for share in whole), ZERO))
    less = shares_of(all_parts, units, adjustment=-kept)
    assert sum((share.amount for share in less), ZERO) == sum((share.amount for share in whole), ZERO) - kept
    taken(all_parts, less)


def test_a_cent_that_cannot_be_divided_goes_back_with_the_last_unit() -> None:
    line = Part(uuid.UUID(int=1), 3, Decimal("10.00"), Decimal("1.60"))
    first = line.of_units(1)
    second = line.without(first).of_units(1)
    third = line.without(first).without(second).of_units(1)
    assert [(one.amount, one.tax) for one in (first, second, third)] == [
        (Decimal("3.33"), Decimal("0.53")),
        (Decimal("3.34"), Decimal("0.54")),
        (Decimal("3.33"), Decimal("0.53")),
    ]


def test_goodwill_before_lowers_what_the_units_give_back() -> None:
    line, shipping = Part(uuid.UUID(int=1), 2, Decimal("20.00"), Decimal("4.00")), Part(None, 0, ZERO, ZERO)
    goodwill = shares_of([line, shipping], {}, adjustment=Decimal("5.00"))
    assert goodwill == [Share(line.item_id, 0, Decimal("5.00"), Decimal("1.00"))]
    assert line.without(goodwill[0]).of_units(1) == Share(line.item_id, 1, Decimal("7.50"), Decimal("1.50"))


def test_more_than_is_left_is_refused() -> None:
    key = uuid.UUID(int=1)
    order = [Part(key, 2, Decimal("20.00"), ZERO), Part(None, 0, Decimal("5.00"), ZERO)]
    with pytest.raises(ValueError, match="3 of 2 units"):
        shares_of(order, {key: 3})
    for wanted in (
        {"adjustment": Decimal("25.01")},
        {"shipping": Decimal("5.01")},
        {"adjustment": Decimal("-0.01")},
        {"on_lines": {key: Decimal("20.01")}},
    ):
        with pytest.raises(NothingLeft):
            shares_of(order, {}, **wanted)  # type: ignore[arg-type]
