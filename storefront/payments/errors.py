"""What goes wrong when somebody pays."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class UnknownPaymentMethod(DomainError):
    """The shop does not offer this way to pay, or not for this order."""

    method: str


@dataclass
class PaymentDeclined(DomainError):
    """The provider said no. ``reason`` is the provider's word, for staff; the shopper may try another way."""

    method: str
    reason: str = ""
