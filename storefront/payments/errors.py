"""What goes wrong when somebody pays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from storefront.core.errors import DomainError


@dataclass
class UnknownPaymentMethod(DomainError):
    """The shop does not offer this way to pay, or not for this order."""

    method: str


@dataclass
class AmountTooSmall(DomainError):
    """This way to pay takes no less than ``least``. ``is_on_top``: it is more for what was paid this way already."""

    method: str
    amount: Decimal
    least: Decimal
    currency: str
    is_on_top: bool = False


@dataclass
class PaymentDeclined(DomainError):
    """The provider said no. ``reason`` is the provider's word, for staff; the shopper may try another way."""

    method: str
    reason: str = ""


@dataclass
class NothingToCapture(DomainError):
    """The order's payment is not authorised (any more), or for less than ``wanted``.

    ``in_parts``: a part was asked for of which the rest should stay reserved, which not every card allows.
    """

    number: str
    status: str
    wanted: Decimal | None = None
    authorised: Decimal | None = None
    in_parts: bool = False


@dataclass
class CaptureInProgress(DomainError):
    """Another part of the same payment is being taken at this moment."""

    number: str


@dataclass
class CaptureRefused(DomainError):
    """The provider did not take it: nothing was charged. ``reason`` is its word, for staff."""

    reason: str = ""


@dataclass
class RefundTooLarge(DomainError):
    """More than is left of what was taken: ``left`` may go back."""

    number: str
    wanted: Decimal
    left: Decimal
    currency: str


@dataclass
class RefundedMeanwhile(DomainError):
    """Somebody has given money back since the page was opened: ``seen`` stood there, it is ``refunded`` now.

    With ``line`` it is about that line alone.
    """

    number: str
    seen: Decimal
    refunded: Decimal
    currency: str
    line: str = ""


@dataclass
class RefundFailed(DomainError):
    """The provider did not give the money back. ``reason`` is its word, for staff."""

    number: str
    reason: str = ""
