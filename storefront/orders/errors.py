"""What can stand between a shopper and an order. Too few units are ``inventory``'s InsufficientStock."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from storefront.core.errors import DomainError


@dataclass
class EmptyCart(DomainError):
    """There is nothing to order."""


@dataclass
class ProductNotSold(DomainError):
    """A line's product is no longer sold."""

    product_id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One amount that is another than the shopper saw. None: the line was not there, or is not any more."""

    what: Literal["line", "shipping", "discount", "tax"]
    name: str
    was: Decimal | None
    now: Decimal | None


@dataclass
class TotalChanged(DomainError):
    """The order would cost something else than the page said. Nothing was ordered."""

    was: Decimal
    now: Decimal
    currency: str
    changes: tuple[Change, ...] = ()


@dataclass
class CheckoutExpired(DomainError):
    """This form's order was given up (or the form is somebody else's). Nothing was ordered."""


@dataclass
class OrderNotCancellable(DomainError):
    """The order is on its way, or paid, or cancelled already."""

    number: str
    status: str


@dataclass
class NotShippable(DomainError):
    """Nothing of this order can be sent: it is not placed, cancelled, or its money is not there. ``why`` says which."""

    number: str
    why: Literal["state", "payment", "nothing_left"]


@dataclass
class TooManyUnits(DomainError):
    """More units of a line than are left to send. ``waiting`` of those that are left have not arrived yet."""

    name: str
    wanted: int
    left: int
    waiting: int = 0


@dataclass
class ShippedMeanwhile(DomainError):
    """Somebody else has sent a parcel of this order since the page was opened."""

    number: str


@dataclass
class ParcelNotCharged(DomainError):
    """The card could not be charged for this parcel, so it was not sent. ``reason`` is the provider's word.

    ``in_parts``: the provider may take no part; then the whole order can be charged with this parcel.
    """

    number: str
    reason: str = ""
    in_parts: bool = False


@dataclass
class ParcelUndecided(DomainError):
    """Nobody knows whether the card was charged: the parcel is being prepared until the provider answers."""

    number: str


@dataclass
class OrderNotChangeable(DomainError):
    """The order cannot be changed (so). ``why``: ``state`` (sent, cancelled, being charged), ``paid`` (in a way that
    does not go with this change), ``line`` (this line cannot become that), ``empty`` (nothing would be left), ``card``
    (its card has to pay more, which only the shopper can do).
    """

    number: str
    why: Literal["state", "paid", "line", "empty", "card", "free"]


@dataclass
class RefundRefused(DomainError):
    """The refund as it was asked for cannot be; ``reason`` is ``nothing``, ``units`` (of ``line``) or ``line``.

    ``uncharged``: only ``left`` units of ``line`` were sent, and the card was not charged for the others.
    ``currency``: the shop's gift cards are in another one. ``no_address``: a gift card's code could not be sent.
    """

    number: str
    reason: Literal["nothing", "units", "line", "uncharged", "currency", "no_address"]
    line: str = ""
    left: int = 0
