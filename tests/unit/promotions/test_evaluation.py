"""Every condition, every benefit and every reason; and what holds for money whatever is in the cart."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from storefront.core.clock import now
from storefront.core.ids import new_id
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.totals import TaxRule, price
from storefront.promotions.benefits import Amount, Benefit, BuyXGetY, FreeShipping, Percent
from storefront.promotions.conditions import Condition, Occasion, Schedule, Scope, Uses
from storefront.promotions.evaluation import Reductions, evaluate
from storefront.promotions.reasons import (
    BetterOneApplies,
    Ended,
    FirstOrderOnly,
    MinimumNotReached,
    NotForYou,
    NothingEligible,
    NotStarted,
    OtherCurrency,
    Reason,
    TooFewUnits,
    UsedUp,
    UsedUpForYou,
)
from storefront.promotions.rules import Rule, UnreadableRule, terms_from

TENTS, SHOES, BRAND, GROUP = (new_id() for _ in range(4))
MOMENT = now()


def line(price: str, quantity: int = 1, **values: Any) -> LineSnapshot:
    return LineSnapshot(new_id(), "SKU", "Thing", quantity, Decimal(price), 99, **values)


def cart(*lines: LineSnapshot) -> Occasion:
    return Occasion(CartSnapshot(lines, "EUR"), MOMENT)


def rule(
    kind: str = "percent", value: str = "10", lane: str = "goods", priority: int = 0, **stored: Any
) -> Rule:
    terms = terms_from(kind, Decimal(value), "EUR", stored)
    return Rule(new_id(), f"{kind} {value}", "", lane, priority, terms.benefit, terms.scope, terms.conditions)


def reason(occasion: Occasion, one: Rule) -> Reason | None:
    outcome = evaluate([one], occasion)
    return outcome.refused[0].reason if outcome.refused else None


def with_condition(condition: Condition) -> Rule:
    return Rule(new_id(), "Any", "", "goods", 0, Percent(Decimal(10)), conditions=(condition,))


def money(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("benefit", "parts"),
    [
        (Percent(Decimal(10)), money("1.00", "1.00", "3.00")),
        (Percent(Decimal("33.33")), money("3.33", "3.33", "10.00")),
        (Amount(Decimal(7)), money("1.40", "1.40", "4.20")),
        (Amount(Decimal(900)), money("10.00", "10.00", "30.00")),
        (FreeShipping(), money("0.00", "0.00", "0.00")),
        (BuyXGetY(2, 1), money("5.00", "0.00", "0.00")),
        (BuyXGetY(1, 1), money("10.00", "0.00", "0.00")),
        (BuyXGetY(9, 1), money("0.00", "0.00", "0.00")),
    ],
)
def test_each_benefit_says_what_each_line_costs_less(benefit: Benefit, parts: list[Decimal]) -> None:
    lines = [line("5.00", 2), line("10.00"), line("30.00")]
    assert benefit.parts(lines) == parts


def test_free_shipping_takes_all_of_it_or_up_to_an_amount() -> None:
    assert FreeShipping().off_shipping(Decimal("12.90")) == Decimal("12.90")
    assert FreeShipping(Decimal(5)).off_shipping(Decimal("12.90")) == Decimal(5)
    assert Percent(Decimal(10)).off_shipping(Decimal("12.90")) == 0


@pytest.mark.parametrize(
    ("stored", "covered"),
    [
        ({}, [True, True, True]),
        ({"categories": [str(TENTS)]}, [True, False, False]),
        ({"categories": [str(SHOES)]}, [False, True, False]),
        ({"brands": [str(BRAND)]}, [False, False, True]),
        ({"categories": [str(TENTS)], "brands": [str(BRAND)]}, [True, False, True]),
    ],
)
def test_only_what_is_meant_costs_less(stored: dict[str, list[str]], covered: list[bool]) -> None:
    below = line("10.00", category_id=new_id(), category_path=(new_id(), TENTS))
    occasion = cart(below, line("10.00", category_id=SHOES), line("10.00", brand_id=BRAND))
    parts = evaluate([rule(**stored)], occasion).parts
    assert [bool(part) for part in parts] == covered


def test_a_product_is_meant_with_its_variants() -> None:
    parent = new_id()
    variant, other = line("10.00", parent_id=parent), line("10.00")
    assert evaluate([rule(products=[str(parent)])], cart(variant, other)).parts == (Decimal(1), Decimal(0))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (rule(minimum="50.00"), MinimumNotReached(Decimal("50.00"), Decimal("20.00"))),
        (rule(minimum="30.00"), None),
        (rule(categories=[str(TENTS)]), NothingEligible()),
        (rule(groups=[str(GROUP)]), NotForYou()),
        (rule("buy_x_get_y", "0", buy=2, get=2), TooFewUnits(4, 1, "Thing")),
        (rule("buy_x_get_y", "0", buy=2, get=1), None),
        (with_condition(Schedule(starts_at=MOMENT + timedelta(1))), NotStarted(MOMENT + timedelta(1))),
        (with_condition(Schedule(ends_at=MOMENT)), Ended(MOMENT)),
        (with_condition(Schedule(MOMENT, MOMENT + timedelta(1))), None),
        (with_condition(Uses(used=10, limit=10)), UsedUp()),
        (with_condition(Uses(used=9, limit=10)), None),
        (with_condition(Uses(code_is_spent=True)), UsedUp()),
        (with_condition(Uses(used_by_customer=1, limit_per_customer=1)), UsedUpForYou(1)),
    ],
)
def test_each_condition_says_why_it_does_not_hold(one: Rule, expected: Reason | None) -> None:
    assert reason(cart(line("10.00", 3)), one) == expected


def test_groups_first_orders_and_currencies() -> None:
    occasion = cart(line("10.00"))
    assert reason(replace(occasion, groups=frozenset((GROUP,))), rule(groups=[str(GROUP)])) is None
    assert reason(occasion, rule(first_order=True)) is None
    assert reason(replace(occasion, has_ordered=True), rule(first_order=True)) == FirstOrderOnly()
    dollars = replace(occasion, snapshot=replace(occasion.snapshot, currency="USD"))
    assert reason(dollars, rule("amount", "5")) == OtherCurrency("EUR")
    assert reason(dollars, rule("percent", "5")) is None


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("percent", "10", {"weather": "rain"}),
        ("percent", "10", {"minimum": 50}),
        ("percent", "10", {"minimum": "much"}),
        ("percent", "10", {"minimum": "-1"}),
        ("percent", "10", {"minimum": "NaN"}),
        ("percent", "10", {"products": []}),
        ("percent", "10", {"brands": "all"}),
        ("percent", "10", {"categories": ["tents"]}),
        ("percent", "10", {"categories": [7]}),
        ("percent", "10", {"first_order": "yes"}),
        ("percent", "10", {"buy": 1, "get": 1}),
        ("percent", "0", {}),
        ("percent", "101", {}),
        ("amount", "0", {}),
        ("buy_x_get_y", "0", {"buy": 1}),
        ("buy_x_get_y", "0", {"buy": 0, "get": 1}),
        ("buy_x_get_y", "0", {"buy": True, "get": 1}),
        ("present", "1", {}),
    ],
)
def test_what_is_not_understood_is_refused(kind: str, value: str, stored: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRule):
        terms_from(kind, Decimal(value), "EUR", stored)


def test_the_best_of_a_lane_counts_and_lanes_add_up() -> None:
    ten, twenty, five = rule(value="10"), rule(value="20"), rule("amount", "5", lane="club")
    outcome = evaluate([ten, twenty, five], cart(line("100.00")))
    assert {one.id for one in outcome.applied} == {twenty.id, five.id}
    assert outcome.amount == Decimal(25)
    [refused] = outcome.refused
    assert (refused.id, refused.reason) == (ten.id, BetterOneApplies("percent 20"))


def test_of_two_equal_ones_the_higher_priority_counts() -> None:
    low, high = rule("amount", "10"), rule("percent", "10", priority=1)
    assert [one.id for one in evaluate([low, high], cart(line("100.00"))).applied] == [high.id]


def test_what_is_free_already_is_not_reduced_again() -> None:
    all_of_it, more = rule("percent", "100", lane="a"), rule("amount", "5", lane="b")
    outcome = evaluate([more, all_of_it], cart(line("10.00")))
    assert outcome.amount == Decimal(10)
    assert [(one.id, one.reason) for one in outcome.refused] == [(more.id, NothingEligible())]


def test_free_shipping_applies_before_the_shipping_is_known() -> None:
    free = rule("free_shipping", "0", lane="shipping")
    [applied] = evaluate([free], cart(line("10.00"))).applied
    assert (applied.frees_shipping, applied.shipping) == (True, 0)
    assert evaluate([free], cart(line("10.00")), Decimal("4.90")).shipping == Decimal("4.90")


amounts = some.decimals(min_value=0, max_value=9_999, places=2)
CATEGORIES = [new_id() for _ in range(3)]
KEYS = some.builds(new_id)


@some.composite
def occasions(draw: some.DrawFn) -> Occasion:
    lines = some.builds(
        LineSnapshot,
        product_id=KEYS,
        sku=some.just("SKU"),
        name=some.just("Thing"),
        quantity=some.integers(1, 99),
        unit_price=amounts,
        available=some.just(99),
        category_id=some.sampled_from([None, *CATEGORIES]),
    )
    return cart(*draw(some.lists(lines, min_size=1, max_size=6)))


@some.composite
def rules(draw: some.DrawFn) -> Rule:
    benefit: Benefit = draw(
        some.one_of(
            some.builds(Percent, some.decimals(min_value="0.01", max_value=100, places=2)),
            some.builds(Amount, some.decimals(min_value="0.01", max_value=9_999, places=2)),
            some.builds(FreeShipping, some.sampled_from([None, Decimal(5)])),
            some.builds(BuyXGetY, some.integers(1, 5), some.integers(1, 3)),
        )
    )
    scope = Scope(categories=frozenset(draw(some.sets(some.sampled_from(CATEGORIES), max_size=2))))
    lane, priority = draw(some.sampled_from(["goods", "club", "shipping"])), draw(some.integers(0, 2))
    return Rule(draw(KEYS), "A rule", "", lane, priority, benefit, scope, (scope,))


@settings(deadline=None, max_examples=200)
@given(occasions(), some.lists(rules(), max_size=8), amounts, some.booleans(), some.randoms())
def test_money_adds_up_whatever_applies(
    occasion: Occasion, found: list[Rule], shipping: Decimal, inclusive: bool, chance: random.Random
) -> None:
    outcome = evaluate(found, occasion, shipping)
    _every_rule_has_an_answer(outcome, found)
    for place, bought in enumerate(occasion.snapshot.lines):
        assert 0 <= outcome.parts[place] <= bought.total
        assert outcome.parts[place] == sum(one.parts[place] for one in outcome.applied)
        assert outcome.parts[place] == outcome.parts[place].quantize(Decimal("0.01"))
    assert outcome.amount == sum((one.amount for one in outcome.applied), Decimal(0))
    assert 0 <= outcome.shipping <= shipping

    totals = price(
        occasion.snapshot, shipping - outcome.shipping, TaxRule(Decimal(19), inclusive), parts=outcome.parts
    )
    assert sum(one.total for one in totals.lines) == totals.subtotal - totals.discount
    tax = Decimal(0) if inclusive else totals.tax
    assert totals.total == totals.subtotal - totals.discount + totals.shipping + tax >= 0

    shuffled = list(found)
    chance.shuffle(shuffled)
    assert evaluate(shuffled, occasion, shipping) == outcome


@settings(deadline=None)
@given(occasions(), some.lists(rules(), min_size=1, max_size=8), amounts)
def test_nobody_of_a_lane_would_have_taken_off_more(
    occasion: Occasion, found: list[Rule], shipping: Decimal
) -> None:
    one_lane = [replace(one, lane="goods") for one in found]
    together = evaluate(one_lane, occasion, shipping)
    alone = [evaluate([one], occasion, shipping) for one in one_lane]
    assert len(together.applied) <= 1
    assert together.amount + together.shipping == max(one.amount + one.shipping for one in alone)


def _every_rule_has_an_answer(outcome: Reductions, found: list[Rule]) -> None:
    answered: list[uuid.UUID | None] = [one.id for one in outcome.applied]
    answered += [one.id for one in outcome.refused]
    assert sorted(map(str, answered)) == sorted(str(one.id) for one in found)


@pytest.mark.parametrize(
    ("others", "shipping", "expected"),
    [
        ([], None, ["free_shipping 0", "percent 20", "buy_x_get_y 0"]),
        ([rule("percent", "15")], None, ["free_shipping 0", "percent 20"]),
        ([rule("percent", "30")], "4.90", ["free_shipping 0"]),
        ([rule("percent", "30")], "0.00", []),
        ([rule("free_shipping", "0", lane="shipping")], "4.90", ["percent 20", "buy_x_get_y 0"]),
    ],
)
def test_only_what_would_give_more_is_within_reach(
    others: list[Rule], shipping: str | None, expected: list[str]
) -> None:
    near = [
        rule("buy_x_get_y", "0", buy=2, get=1),
        rule("percent", "20", minimum="60.00"),
        rule("free_shipping", "0", lane="shipping", minimum="55.00"),
        rule("amount", "5", lane="members", groups=[str(GROUP)], minimum="55.00"),
        replace(rule("amount", "5", lane="codes", minimum="55.00"), code="FIVE"),
        rule("amount", "5", lane="other", products=[str(TENTS)]),
        rule("amount", "5", lane="far", minimum="100.01"),
    ]
    cost = None if shipping is None else Decimal(shipping)
    found = evaluate([*near, *others], cart(line("25.00", 2)), cost).within_reach
    assert [one.name for one in found] == expected
    assert [one.reason for one in found if one.name == "buy_x_get_y 0"] in ([], [TooFewUnits(3, 1, "Thing")])
