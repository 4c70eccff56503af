"""What a dearer exchange costs on top, line by line: as it is counted on the order, and as its invoice says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from storefront.core.money import ZERO, included_tax


class ExchangedLine(Protocol):
    """A line of an exchange. ``price_difference`` is of all its units, tax included, below zero where it is cheaper."""

    @property
    def item_id(self) -> UUID:
        """The order's line that comes back."""
        ...

    @property
    def price_difference(self) -> Decimal:
        """What its replacement costs more."""
        ...


@dataclass(frozen=True, slots=True)
class DifferencePart:
    """What is paid on top for a line: ``amount`` contains ``tax`` at ``rate`` per cent."""

    item_id: UUID
    amount: Decimal
    rate: Decimal

    @property
    def tax(self) -> Decimal:
        """The tax in it, to the cent."""
        return included_tax(self.amount, self.rate)


def difference_parts(
    lines: Sequence[ExchangedLine], difference: Decimal, rates: Mapping[UUID, Decimal]
) -> list[DifferencePart]:
    """``difference`` on the dearer lines by turn: cheaper lines of the same exchange lower what is charged.

    ``rates`` are the lines' tax rates, in per cent. Nothing where nothing is paid on top.
    """
    missing, found = difference, []
    for line in lines:
        part = min(missing, max(line.price_difference, ZERO))
        if part > 0:
            found.append(DifferencePart(line.item_id, part, rates[line.item_id]))
            missing -= part
    return found
