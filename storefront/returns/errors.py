"""What can stand in the way of goods that come back. Each leaves everything as it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from storefront.core.errors import DomainError


@dataclass
class NotReturnable(DomainError):
    """Nothing of this order can come back: it has not arrived, or the time for it (``until``) is over."""

    number: str
    until: datetime | None = None


@dataclass
class ReturnRefused(DomainError):
    """The return as it was asked for cannot be. ``reason`` says what does not fit, ``line`` where.

    ``units``: only ``left`` of the line have arrived and are not coming back yet.
    """

    number: str
    reason: Literal["nothing", "line", "units", "reason", "replacement", "method"]
    line: str = ""
    left: int = 0


@dataclass
class DifferenceChanged(DomainError):
    """The replacements would cost another difference than the page said. Nothing was asked for."""

    was: Decimal
    now: Decimal
    currency: str


@dataclass
class DifferenceUnpaid(DomainError):
    """The replacement waits for a card that has not paid ``amount`` of ``currency`` for it yet."""

    number: str
    amount: Decimal
    currency: str


@dataclass
class RefundUnderWay(DomainError):
    """The return cannot be closed while a refund of its order is on its way: in a few minutes it can."""

    number: str


@dataclass
class ReturnChangedMeanwhile(DomainError):
    """Somebody else has taken this step, or another one: the return is ``status`` by now."""

    number: str
    status: str
