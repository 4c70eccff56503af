"""What a promotion gives: one small class each, from the lines that are meant to what each of them costs less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from storefront.core.money import ZERO, percent_of, spread
from storefront.pricing.snapshot import LineSnapshot


class Benefit(Protocol):
    """Something given."""

    def parts(self, lines: Sequence[LineSnapshot]) -> list[Decimal]:
        """What each of ``lines`` costs less, never more than it costs."""
        ...

    def off_shipping(self, shipping: Decimal) -> Decimal:
        """What shipping for ``shipping`` costs less."""
        ...


class _OffGoods:
    """Leaves the shipping as it is."""

    __slots__ = ()

    def off_shipping(self, shipping: Decimal) -> Decimal:
        """Nothing."""
        return ZERO


@dataclass(frozen=True, slots=True)
class Percent(_OffGoods):
    """Per cent of what the lines come to together, rounded once, then spread."""

    percent: Decimal

    def parts(self, lines: Sequence[LineSnapshot]) -> list[Decimal]:
        """Largest remainder: the parts sum to the rounded whole."""
        totals = [line.total for line in lines]
        return spread(percent_of(sum(totals, ZERO), self.percent), totals)


@dataclass(frozen=True, slots=True)
class Amount(_OffGoods):
    """An amount of money, at most what the lines cost."""

    amount: Decimal

    def parts(self, lines: Sequence[LineSnapshot]) -> list[Decimal]:
        """In proportion to what each line costs."""
        totals = [line.total for line in lines]
        return spread(min(self.amount, sum(totals, ZERO)), totals)


@dataclass(frozen=True, slots=True)
class FreeShipping:
    """The shipping, all of it or ``up_to`` an amount."""

    up_to: Decimal | None = None

    def parts(self, lines: Sequence[LineSnapshot]) -> list[Decimal]:
        """The goods cost the same."""
        return [ZERO for _ in lines]

    def off_shipping(self, shipping: Decimal) -> Decimal:
        """The shipping, up to the limit."""
        return shipping if self.up_to is None else min(self.up_to, shipping)


@dataclass(frozen=True, slots=True)
class BuyXGetY(_OffGoods):
    """For each ``buy`` units paid, ``get`` more are free: the cheapest of all that are meant."""

    buy: int
    get: int

    def parts(self, lines: Sequence[LineSnapshot]) -> list[Decimal]:
        """Whole units, the cheapest first."""
        free = sum(line.quantity for line in lines) // (self.buy + self.get) * self.get
        parts = [ZERO for _ in lines]
        for place, line in sorted(enumerate(lines), key=lambda one: one[1].unit_price):
            units = min(free, line.quantity)
            parts[place] = line.unit_price * units
            free -= units
        return parts
