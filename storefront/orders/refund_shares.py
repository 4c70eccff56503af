"""How much of an order is given back: pure arithmetic over what is left of its parts.

An order consists of parts, its lines and its shipping. Units take their share of what is left of their line, in money
and in tax alike, and the last unit takes all that is left; so however somebody divides a refund, and whatever was given
back before, the parts sum to what was paid, to the cent.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.core.money import ZERO, round_money, spread


@dataclass(frozen=True, slots=True)
class Part:
    """What is left of a line, or of the shipping (``item_id`` None): units, money with its tax, the tax of it."""

    item_id: uuid.UUID | None
    quantity: int
    amount: Decimal
    tax: Decimal

    def of_units(self, units: int) -> Share:
        """The share of ``units``, which must be there."""
        if not 0 < units <= self.quantity:
            raise ValueError(f"{units} of {self.quantity} units")
        if units == self.quantity:
            return Share(self.item_id, units, self.amount, self.tax)
        ratio = Decimal(units) / self.quantity
        return Share(self.item_id, units, round_money(self.amount * ratio), round_money(self.tax * ratio))

    def of_money(self, amount: Decimal) -> Share:
        """A share by money alone, with its tax."""
        if not 0 <= amount <= self.amount:
            raise ValueError(f"{amount} of {self.amount}")
        if amount == self.amount:
            return Share(self.item_id, 0, amount, self.tax)
        return Share(self.item_id, 0, amount, round_money(self.tax * amount / self.amount))

    def without(self, share: Share) -> Part:
        """What is left after ``share``."""
        return Part(
            self.item_id, self.quantity - share.quantity, self.amount - share.amount, self.tax - share.tax
        )


@dataclass(frozen=True, slots=True)
class Share:
    """What goes back of one part. ``amount`` contains ``tax``."""

    item_id: uuid.UUID | None
    quantity: int
    amount: Decimal
    tax: Decimal

    def with_more(self, other: Share) -> Share:
        """Both together."""
        return Share(
            self.item_id, self.quantity + other.quantity, self.amount + other.amount, self.tax + other.tax
        )

    def less(self, amount: Decimal) -> Share:
        """The same without ``amount``, which is kept."""
        kept = Part(self.item_id, 0, self.amount, self.tax).of_money(amount)
        return Share(self.item_id, self.quantity, self.amount - kept.amount, self.tax - kept.tax)


class NothingLeft(ValueError):
    """More money is wanted than is left: ``left``."""

    def __init__(self, left: Decimal) -> None:
        super().__init__(str(left))
        self.left = left


def shares_of(
    parts: Sequence[Part],
    units: Mapping[uuid.UUID, int],
    shipping: Decimal = ZERO,
    adjustment: Decimal = ZERO,
    *,
    on_lines: Mapping[uuid.UUID, Decimal] | None = None,
) -> list[Share]:
    """What goes back of each part: ``units`` of lines, ``shipping`` money, and a free amount.

    A positive ``adjustment`` is spread over all that is left, a negative one is kept of what would go back.
    ``on_lines`` is money of certain lines without their units. Raises ValueError for units that are not there,
    :class:`NothingLeft` for money that is not.
    """
    left = {part.item_id: part for part in parts}
    shares: dict[uuid.UUID | None, Share] = {}

    def take(share: Share) -> None:
        known = shares.get(share.item_id)
        shares[share.item_id] = known.with_more(share) if known else share
        left[share.item_id] = left[share.item_id].without(share)

    for item_id, wanted in units.items():
        take(left[item_id].of_units(wanted))
    by_money: list[tuple[uuid.UUID | None, Decimal]] = [(None, shipping), *(on_lines or {}).items()]
    for key, amount in by_money:
        if amount:
            part = left.get(key)
            if part is None or amount > part.amount:
                raise NothingLeft(part.amount if part else ZERO)
            take(part.of_money(amount))
    if adjustment > 0:
        there = [part for part in left.values() if part.amount]
        whole = sum((part.amount for part in there), ZERO)
        if adjustment > whole:
            raise NothingLeft(whole + sum((share.amount for share in shares.values()), ZERO))
        for part, piece in zip(there, spread(adjustment, [part.amount for part in there]), strict=True):
            if piece:
                take(part.of_money(piece))
        return list(shares.values())
    return _kept(list(shares.values()), -adjustment)


def _kept(shares: list[Share], amount: Decimal) -> list[Share]:
    whole = sum((share.amount for share in shares), ZERO)
    if amount > whole:
        raise NothingLeft(whole)
    if not amount:
        return shares
    pieces = spread(amount, [share.amount for share in shares])
    return [share.less(piece) for share, piece in zip(shares, pieces, strict=True)]
