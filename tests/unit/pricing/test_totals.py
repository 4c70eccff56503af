"""Money adds up to the cent, whatever is in the cart, at whatever rates."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from storefront.core.ids import new_id
from storefront.core.money import CENT, spread
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.totals import TaxRule, price

amounts = some.decimals(min_value=0, max_value=99_999, places=2)
rates = some.sampled_from([Decimal(rate) for rate in ("0", "5.5", "7", "19", "20", "25.5", "27")])
CATEGORIES = [new_id() for _ in range(3)]


@some.composite
def snapshots(draw: some.DrawFn) -> CartSnapshot:
    lines = draw(
        some.lists(
            some.builds(
                LineSnapshot,
                product_id=some.builds(new_id),
                sku=some.just("SKU"),
                name=some.just("Thing"),
                quantity=some.integers(1, 99),
                unit_price=amounts,
                available=some.just(99),
                category_id=some.sampled_from([None, *CATEGORIES]),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return CartSnapshot(tuple(lines), "EUR")


@some.composite
def rules(draw: some.DrawFn) -> TaxRule:
    special = draw(some.dictionaries(some.sampled_from(CATEGORIES), rates, max_size=2))
    return TaxRule(draw(rates), draw(some.booleans()), special)


@settings(deadline=None)
@given(snapshots(), amounts, rules(), some.lists(amounts, max_size=3))
def test_lines_always_sum_to_the_totals(
    snapshot: CartSnapshot, shipping: Decimal, rule: TaxRule, discounts: list[Decimal]
) -> None:
    totals = price(snapshot, shipping, rule, discounts)
    assert sum(line.total for line in totals.lines) == totals.subtotal - totals.discount
    assert sum(line.discount for line in totals.lines) == totals.discount
    assert totals.tax == sum(line.tax for line in totals.lines) + rule.tax_on(shipping, rule.rate)
    added = Decimal(0) if totals.prices_include_tax else totals.tax
    assert totals.total == totals.subtotal - totals.discount + totals.shipping + added
    for bought, line in zip(snapshot.lines, totals.lines, strict=True):
        assert 0 <= line.discount <= bought.total
        assert line.total == bought.total - line.discount
    for amount in (totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total):
        assert amount >= 0
        assert amount == amount.quantize(CENT)


@settings(deadline=None)
@given(snapshots(), amounts, rates)
def test_included_tax_leaves_the_price_alone_and_stays_below_it(
    snapshot: CartSnapshot, shipping: Decimal, rate: Decimal
) -> None:
    totals = price(snapshot, shipping, TaxRule(rate))
    assert totals.total == totals.subtotal + shipping
    assert totals.tax <= totals.total
    # Rounded per line: never more than half a cent away for each line and the shipping.
    exact = totals.total - totals.total / (1 + rate / 100)
    assert abs(totals.tax - exact) <= CENT / 2 * (len(snapshot.lines) + 1)


@given(amounts, some.lists(amounts, min_size=1, max_size=12))
def test_spreading_never_loses_a_cent(amount: Decimal, weights: list[Decimal]) -> None:
    if sum(weights) == 0:
        if amount:
            with pytest.raises(ValueError):
                spread(amount, weights)
        return
    parts = spread(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / total) < CENT


def one_line(unit_price: str, quantity: int = 1) -> CartSnapshot:
    line = LineSnapshot(new_id(), "SKU", "Thing", quantity, Decimal(unit_price), 99)
    return CartSnapshot((line,), "EUR")


def test_german_order_names_the_tax_it_contains() -> None:
    totals = price(one_line("119.00"), Decimal("4.90"), TaxRule(Decimal(19)))
    assert (totals.subtotal, totals.total) == (Decimal("119.00"), Decimal("123.90"))
    assert totals.tax == Decimal("19.00") + Decimal("0.78")


def test_tax_on_top_is_added_once() -> None:
    totals = price(one_line("100.00"), Decimal("5.00"), TaxRule(Decimal(8), is_inclusive=False))
    assert (totals.tax, totals.total) == (Decimal("8.40"), Decimal("113.40"))


def test_half_cents_are_rounded_to_even() -> None:
    # 10 per cent of 0.25 is 0.025, of 0.35 is 0.035: half to even makes 0.02 and 0.04.
    rule = TaxRule(Decimal(10), is_inclusive=False)
    assert price(one_line("0.25"), tax_rate=rule).tax == Decimal("0.02")
    assert price(one_line("0.35"), tax_rate=rule).tax == Decimal("0.04")


def test_discount_is_never_more_than_the_goods() -> None:
    totals = price(one_line("10.00"), Decimal("4.90"), None, [Decimal("8.00"), Decimal("8.00")])
    assert (totals.discount, totals.total) == (Decimal("10.00"), Decimal("4.90"))


def test_category_has_its_own_rate() -> None:
    book = LineSnapshot(new_id(), "B", "Book", 1, Decimal("10.70"), 9, category_id=CATEGORIES[0])
    rule = TaxRule(Decimal(19), by_category={CATEGORIES[0]: Decimal(7)})
    totals = price(CartSnapshot((book,), "EUR"), tax_rate=rule)
    assert (totals.tax, totals.lines[0].tax_rate) == (Decimal("0.70"), Decimal(7))


def test_empty_cart_costs_nothing() -> None:
    assert price(CartSnapshot((), "EUR")).total == 0
