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
class RefundRefused(DomainError):
    """The refund as it was asked for cannot be; ``reason`` is ``nothing``, ``units`` (of ``line``) or ``line``."""

    number: str
    reason: Literal["nothing", "units", "line"]
    line: str = ""
    left: int = 0
