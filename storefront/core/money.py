"""Money: decimals with two places, rounded half-even per line, never a float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def round_money(amount: Decimal) -> Decimal:
    """``amount`` to the cent, half to even (banker's rounding)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """``percent`` per cent of ``amount``, to the cent."""
    return round_money(amount * percent / 100)


def included_tax(gross: Decimal, percent: Decimal) -> Decimal:
    """The tax that a gross price already contains, to the cent."""
    return round_money(gross - gross / (1 + percent / 100))


def without_tax(gross: Decimal, percent: Decimal) -> Decimal:
    """A gross price without the tax that it contains, to the cent: the two always sum to it."""
    return gross - included_tax(gross, percent)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``amount`` in proportion to ``weights`` so that the parts sum to it exactly.

    Largest remainder: each part is first rounded down to the cent, then the missing cents go to the parts
    that lost most. Raises ValueError when there is something to spread and no positive weight.
    """
    total = sum(weights, Decimal(0))
    if total <= 0:
        if amount:
            raise ValueError("nothing to spread over")
        return [ZERO for _ in weights]
    cents = int((amount / CENT).to_integral_exact())
    exact = [Decimal(cents) * weight / total for weight in weights]
    parts = [int(share // 1) for share in exact]
    missing = cents - sum(parts)
    by_loss = sorted(range(len(parts)), key=lambda i: (exact[i] - parts[i], weights[i]), reverse=True)
    for index in by_loss[:missing]:
        parts[index] += 1
    return [part * CENT for part in parts]
