"""Price ranges that fit the data: round ends, about as many products in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storefront.search.models import PRICE_STEPS

CENT = Decimal("0.01")
MOST_RANGES = 5


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Prices from ``low`` to ``high``, both included; None is an open end."""

    low: Decimal | None
    high: Decimal | None
    count: int

    @property
    def value(self) -> str:
        """As an address names it: ``10.00-19.99``, ``-9.99``, ``500.00-``."""
        return f"{'' if self.low is None else self.low}-{'' if self.high is None else self.high}"


def price_ranges(by_step: Mapping[int, int]) -> list[PriceRange]:
    """At most five neighbouring ranges over products counted by step; none where one range would hold all."""
    steps = sorted(step for step, count in by_step.items() if count)
    total = sum(by_step.values())
    if len(steps) < 2:
        return []
    share = total / MOST_RANGES
    groups: list[list[int]] = [[]]
    filled = 0
    for step in steps:
        # A new range begins where the one before has its share, reckoned over the whole, so that one
        # crowded step does not starve the ranges after it.
        if groups[-1] and filled >= share * len(groups) and len(groups) < MOST_RANGES:
            groups.append([])
        groups[-1].append(step)
        filled += by_step[step]
    if len(groups) < 2:
        return []
    starts = [group[0] for group in groups]
    ranges = []
    for place, group in enumerate(groups):
        low = None if place == 0 else _edge(starts[place])
        high = None if place == len(groups) - 1 else _edge(starts[place + 1]) - CENT
        ranges.append(PriceRange(low, high, sum(by_step[step] for step in group)))
    return ranges


def _edge(step: int) -> Decimal:
    """The lower end of the bucket ``step``."""
    edge: Any = PRICE_STEPS[step - 1]
    return Decimal(edge).quantize(CENT)
