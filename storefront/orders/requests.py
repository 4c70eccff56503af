"""What the shopper confirmed at the checkout."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from storefront.core.money import ZERO
from storefront.orders.addresses import PostalAddress


@dataclass(frozen=True, slots=True)
class SeenAmount:
    """One amount as the checkout page showed it; ``key`` is the id of a line's product, or of a promotion."""

    what: Literal["line", "shipping", "discount", "tax"]
    key: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What the shopper confirmed. ``expected_total`` and ``seen`` are what the page showed them.

    ``email`` is a guest's; somebody who is signed in is reached at their account's. ``idempotency_key`` is
    made with the form: the same key leads to the same order, however often it is sent.
    ``expected_gift_card`` is the part of the total that the page said the cart's gift card would pay.
    ``vat_number`` is a company's, of the country that the invoice goes to.
    """

    idempotency_key: str
    expected_total: Decimal
    shipping_address: PostalAddress
    billing_address: PostalAddress
    shipping_method: str
    payment_method: str
    email: str = ""
    note: str = ""
    language: str = "en"
    seen: tuple[SeenAmount, ...] = ()
    expected_gift_card: Decimal = ZERO
    vat_number: str = ""
