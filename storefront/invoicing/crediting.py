"""How much of an invoice a credit note takes back, by rate: pure arithmetic over what is left of it.

Where the lines of a refund are known, each line's rate is; otherwise the amount is spread over the rates by what is
left of each. What was credited last takes all that is left, so that an invoice that was given back in parts is given
back whole, to the cent, in money and in tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.core.money import ZERO, included_tax, spread
from storefront.invoicing.content import RateSum


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What went back of one line or of the shipping: ``amount`` contains ``tax``, both at ``rate`` per cent."""

    rate: Decimal
    amount: Decimal
    tax: Decimal


def together(rates: Iterable[RateSum]) -> list[RateSum]:
    """Several invoices' rates as one, the highest first: what may be credited of all of them."""
    sums: dict[Decimal, RateSum] = {}
    for one in rates:
        known = sums.get(one.rate, RateSum(one.rate, ZERO, ZERO, ZERO))
        sums[one.rate] = RateSum(one.rate, known.net + one.net, known.tax + one.tax, known.gross + one.gross)
    return [sums[rate] for rate in sorted(sums, reverse=True)]


def left_of(invoiced: Sequence[RateSum], credited: Sequence[RateSum]) -> list[RateSum]:
    """What is left of each of what was ``invoiced`` after ``credited`` (of all earlier credit notes)."""
    found = []
    for one in invoiced:
        earlier = [other for other in credited if other.rate == one.rate]
        tax = one.tax - sum((other.tax for other in earlier), ZERO)
        gross = one.gross - sum((other.gross for other in earlier), ZERO)
        found.append(RateSum(one.rate, gross - tax, tax, gross))
    return found


def credited(
    left: Sequence[RateSum], amount: Decimal, lines: Sequence[GivenBack] = ()
) -> tuple[RateSum, ...]:
    """``amount`` (tax included) of what is ``left``, by rate; never more than that.

    ``lines`` say which rates, where that is known.
    """
    whole = sum((one.gross for one in left), ZERO)
    amount = min(amount, whole)
    wanted = _by_lines(left, lines) if lines else {}
    if sum((gross for gross, _ in wanted.values()), ZERO) == amount and wanted:
        parts = [wanted.get(one.rate, (ZERO, ZERO)) for one in left]
    else:
        grosses = spread(amount, [one.gross for one in left])
        parts = [(gross, included_tax(gross, one.rate)) for gross, one in zip(grosses, left, strict=True)]
    found = (_within(one, gross, tax) for one, (gross, tax) in zip(left, parts, strict=True))
    return tuple(one for one in found if one.gross)


def _by_lines(
    left: Sequence[RateSum], lines: Sequence[GivenBack]
) -> Mapping[Decimal, tuple[Decimal, Decimal]]:
    """Money and tax by rate; nothing when the lines do not fit what is left (something was given back at large)."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in lines:
        gross, tax = sums.get(line.rate, (ZERO, ZERO))
        sums[line.rate] = (gross + line.amount, tax + line.tax)
    room = {one.rate: one.gross for one in left}
    return sums if all(gross <= room.get(rate, ZERO) for rate, (gross, _) in sums.items()) else {}


def _within(left: RateSum, gross: Decimal, tax: Decimal) -> RateSum:
    """``tax`` moved as far as it must so that neither net nor tax exceeds what is left."""
    if gross == left.gross:
        return left
    tax = max(gross - left.net, min(tax, left.tax, gross))
    return RateSum(left.rate, gross - tax, tax, gross)
