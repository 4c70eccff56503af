"""An invoice given back in parts is given back whole: at each rate, in money and in tax."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as some

from storefront.core.money import ZERO, included_tax
from storefront.invoicing.content import RateSum
from storefront.invoicing.crediting import GivenBack, credited, left_of

amounts = some.decimals(min_value=0, max_value=9_999, places=2)
RATES = [Decimal(rate) for rate in ("25.5", "19", "7", "0")]


@some.composite
def invoices(draw: some.DrawFn) -> list[RateSum]:
    """Rates with tax as lines round it: a few cents beside what the sum would have."""
    found = []
    for rate in draw(some.lists(some.sampled_from(RATES), min_size=1, max_size=4, unique=True)):
        gross = draw(amounts)
        cents = draw(some.integers(-3, 3)) * Decimal("0.01") if rate else ZERO
        tax = min(max(included_tax(gross, rate) + cents, ZERO), gross)
        found.append(RateSum(rate, gross - tax, tax, gross))
    return found


@settings(deadline=None)
@given(invoices(), some.lists(amounts, max_size=6))
def test_however_it_is_divided_it_comes_out_even(invoice: list[RateSum], wanted: list[Decimal]) -> None:
    whole = sum((one.gross for one in invoice), ZERO)
    notes: list[RateSum] = []
    for amount in [*wanted, whole]:
        left = left_of(invoice, notes)
        before = sum((one.gross for one in left), ZERO)
        note = credited(left, amount)
        assert sum((one.gross for one in note), ZERO) == min(amount, before)
        for one in note:
            assert one.gross == one.net + one.tax
            assert min(one.net, one.tax, one.gross) >= 0
        notes.extend(note)
        for rest in left_of(invoice, notes):
            assert min(rest.net, rest.tax, rest.gross) >= 0
    assert all((rest.net, rest.tax, rest.gross) == (0, 0, 0) for rest in left_of(invoice, notes))


def rates(*sums: tuple[str, str, str]) -> list[RateSum]:
    return [
        RateSum(Decimal(rate), Decimal(net), Decimal(gross) - Decimal(net), Decimal(gross))
        for rate, net, gross in sums
    ]


def test_lines_say_which_rate_is_credited() -> None:
    invoice = rates(("19", "100.00", "119.00"), ("7", "100.00", "107.00"))
    book = GivenBack(Decimal(7), Decimal("10.70"), Decimal("0.70"))
    assert credited(invoice, Decimal("10.70"), [book]) == tuple(rates(("7", "10.00", "10.70")))
    without = credited(invoice, Decimal("22.60"))
    assert [(one.rate, one.gross, one.tax) for one in without] == [
        (Decimal(19), Decimal("11.90"), Decimal("1.90")),
        (Decimal(7), Decimal("10.70"), Decimal("0.70")),
    ]


def test_lines_that_do_not_fit_are_spread_like_money() -> None:
    invoice = rates(("19", "100.00", "119.00"), ("7", "10.00", "10.70"))
    too_much = GivenBack(Decimal(7), Decimal("20.00"), Decimal("1.31"))
    note = credited(invoice, Decimal("20.00"), [too_much])
    assert [one.rate for one in note] == [Decimal(19), Decimal(7)]
    assert sum(one.gross for one in note) == Decimal("20.00")
    another_amount = GivenBack(Decimal(7), Decimal("5.00"), Decimal("0.33"))
    assert sum(one.gross for one in credited(invoice, Decimal("6.00"), [another_amount])) == Decimal("6.00")


def test_nothing_left_is_nothing_credited() -> None:
    invoice = rates(("19", "100.00", "119.00"))
    assert credited(left_of(invoice, invoice), Decimal("5.00")) == ()
