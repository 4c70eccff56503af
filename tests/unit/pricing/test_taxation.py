"""One catalog, several buyers: with tax inside, with tax on top, without any. No cent comes or goes."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as some

from storefront.core.ids import new_id
from storefront.core.money import CENT, included_tax, percent_of, without_tax
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.taxation import Taxation, brought_down, taxation
from storefront.pricing.totals import TaxRule, Totals, price

amounts = some.decimals(min_value=0, max_value=99_999, places=2)
rates = some.sampled_from([Decimal(rate) for rate in ("0", "5.5", "7", "19", "20", "25.5", "27", "8.875")])
CATEGORIES = [new_id() for _ in range(3)]
lines = some.builds(
    LineSnapshot,
    product_id=some.builds(new_id),
    sku=some.just("SKU"),
    name=some.just("Thing"),
    quantity=some.integers(1, 99),
    unit_price=amounts,
    available=some.just(99),
    category_id=some.sampled_from([None, *CATEGORIES]),
)
snapshots = some.lists(lines, min_size=1, max_size=6).map(lambda found: CartSnapshot(tuple(found), "EUR"))
rules = some.builds(
    TaxRule,
    rate=rates,
    is_inclusive=some.booleans(),
    by_category=some.dictionaries(some.sampled_from(CATEGORIES), rates, max_size=2),
)
buyers = some.fixed_dictionaries(
    {"is_reverse_charge": some.booleans(), "shows_net": some.booleans(), "catalog_has_tax": some.booleans()}
)


@some.composite
def reductions(draw: some.DrawFn, snapshot: CartSnapshot) -> list[tuple[Decimal, ...]]:
    """What up to three promotions take off each line, together never more than it costs."""
    left = [line.total for line in snapshot.lines]
    found = []
    for _ in range(draw(some.integers(0, 3))):
        parts = [draw(some.decimals(min_value=0, max_value=rest, places=2)) for rest in left]
        left = [rest - part for part, rest in zip(parts, left, strict=True)]
        found.append(tuple(parts))
    if found and draw(some.booleans()):  # one of them gives everything away
        found[-1] = tuple(part + rest for part, rest in zip(found[-1], left, strict=True))
    return found


def priced(
    taxing: Taxation, snapshot: CartSnapshot, shipping: Decimal, off: list[tuple[Decimal, ...]]
) -> Totals:
    own = taxing.parts(snapshot, off)
    together = [sum((parts[place] for parts in own), Decimal(0)) for place in range(len(snapshot.lines))]
    return price(taxing.snapshot(snapshot), taxing.shipping(shipping), taxing.rule, parts=together)


@settings(deadline=None)
@given(some.data(), snapshots, amounts, rules, buyers)
def test_whoever_buys_the_lines_sum_to_the_total(
    data: some.DataObject, snapshot: CartSnapshot, shipping: Decimal, rule: TaxRule, buyer: dict[str, bool]
) -> None:
    off = data.draw(reductions(snapshot))
    taxing = taxation(rule, **buyer)
    totals = priced(taxing, snapshot, shipping, off)
    assert totals.tax == sum((line.tax for line in totals.lines), Decimal(0)) + totals.shipping_tax
    assert sum(line.total for line in totals.lines) == totals.subtotal - totals.discount
    on_top = Decimal(0) if totals.prices_include_tax else totals.tax
    assert totals.total == totals.subtotal - totals.discount + totals.shipping + on_top
    amounts_of_lines = [(line.total, line.discount, line.tax) for line in totals.lines]
    for amount in (*sum(amounts_of_lines, ()), totals.shipping, totals.shipping_tax, totals.total):
        assert amount >= 0
        assert amount == amount.quantize(CENT)
    # A gift card pays a part of the total; the rest and it are the total again.
    card = data.draw(some.decimals(min_value=0, max_value=totals.total, places=2))
    assert (totals.total - card) + card == totals.total
    if buyer["is_reverse_charge"]:
        assert (totals.tax, totals.treatment, totals.prices_include_tax) == (0, "reverse_charge", False)


@settings(deadline=None)
@given(some.data(), snapshots, rules, buyers)
def test_a_reduction_is_brought_down_without_losing_a_cent(
    data: some.DataObject, snapshot: CartSnapshot, rule: TaxRule, buyer: dict[str, bool]
) -> None:
    off = data.draw(reductions(snapshot))
    taxing = taxation(rule, **buyer)
    own, prices = taxing.parts(snapshot, off), taxing.snapshot(snapshot)
    for place, (line, cheaper) in enumerate(zip(snapshot.lines, prices.lines, strict=True)):
        before = sum((parts[place] for parts in off), Decimal(0))
        after = sum((parts[place] for parts in own), Decimal(0))
        assert 0 <= after <= cheaper.total
        assert (after == cheaper.total) >= (before == line.total), "what was free stays free"
        assert all(part >= 0 for parts in own for part in parts)
        if before and before < line.total:
            assert abs(after - before * cheaper.total / line.total) <= CENT / 2


@given(some.lists(amounts, max_size=5), amounts, amounts)
def test_parts_stay_parts(parts: list[Decimal], whole: Decimal, smaller: Decimal) -> None:
    found = brought_down(parts, whole, smaller)
    assert len(found) == len(parts)
    assert sum(found, Decimal(0)) <= smaller
    if sum(parts, Decimal(0)) >= whole and any(parts):
        assert sum(found) == smaller


@given(amounts, rates)
def test_tax_taken_out_and_put_on_again_is_the_same(amount: Decimal, rate: Decimal) -> None:
    # From net to gross and back is exact; from gross to net and back it is a cent at most, where no net fits.
    gross = amount + percent_of(amount, rate)
    assert without_tax(gross, rate) == amount
    assert included_tax(gross, rate) == percent_of(amount, rate)
    net = without_tax(amount, rate)
    assert abs(net + percent_of(net, rate) - amount) <= CENT
    assert net + included_tax(amount, rate) == amount


def test_a_company_abroad_pays_the_price_without_the_tax() -> None:
    book = LineSnapshot(new_id(), "B", "Book", 2, Decimal("10.70"), 9, category_id=CATEGORIES[0])
    kettle = LineSnapshot(new_id(), "K", "Kettle", 1, Decimal("119.00"), 9)
    cart = CartSnapshot((book, kettle), "EUR")
    rule = TaxRule(Decimal(19), by_category={CATEGORIES[0]: Decimal(7)})
    off = [(Decimal("2.14"), Decimal("0.00"))]
    abroad = priced(taxation(rule, is_reverse_charge=True, shows_net=True), cart, Decimal("5.95"), off)
    assert (abroad.subtotal, abroad.discount, abroad.shipping) == (
        Decimal("120.00"),
        Decimal("2.00"),
        Decimal("5.00"),
    )
    assert (abroad.tax, abroad.total) == (0, Decimal("123.00"))
    at_home = priced(taxation(rule, shows_net=True), cart, Decimal("5.95"), off)
    assert (at_home.subtotal, at_home.tax, at_home.total) == (
        Decimal("120.00"),
        Decimal("1.26") + Decimal("19.00") + Decimal("0.95"),
        Decimal("144.21"),
    )
    consumer = priced(taxation(rule), cart, Decimal("5.95"), off)
    assert consumer.total == at_home.total


def test_who_pays_no_tax_pays_the_catalogs_price() -> None:
    untaxed = TaxRule(treatment="untaxed")
    assert taxation(untaxed, shows_net=True) == Taxation(untaxed)
    on_top = TaxRule(Decimal(8), is_inclusive=False)
    assert taxation(on_top, shows_net=True) == Taxation(on_top)
    inside = TaxRule(Decimal(19))
    assert taxation(inside, catalog_has_tax=False) == Taxation(replace(inside, is_inclusive=False))


@given(amounts, rules, buyers, some.sampled_from([None, *CATEGORIES]))
def test_what_a_buyer_pays_is_brought_down_to_the_same_cents_again(
    own: Decimal, rule: TaxRule, buyer: dict[str, bool], category: uuid.UUID | None
) -> None:
    taxing = taxation(rule, **buyer)
    assert taxing.own_price(taxing.catalog_price(own, category), category) == own
    assert taxing.shipping(taxing.catalog_shipping(own)) == own
