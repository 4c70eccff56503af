"""An order as pages, letters and programs read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from storefront.catalog.queries import Image
from storefront.core.money import ZERO
from storefront.orders.addresses import PostalAddress
from storefront.orders.carriers import tracking_link
from storefront.payments.queries import gives_back

CANCELLABLE = ("pending", "placed")
"""Until it is packed."""
SHIPPABLE = ("placed", "processing")
NOT_PAID_YET = ("pending", "authorised", "failed")
SETTLED = ("refunded", "cancelled")
"""All that was paid went back, or nothing was paid and nothing has to be."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as it was bought. ``total`` is after its discount."""

    id: uuid.UUID
    product_id: uuid.UUID | None
    sku: str
    name: str
    options: Mapping[str, str]
    image: Image | None
    quantity: int
    unit_price: Decimal
    discount: Decimal
    total: Decimal
    slug: str | None
    shipped: int = 0
    cancelled: int = 0
    delivered: int = 0
    returned: int = 0
    refunded: int = 0

    @property
    def left(self) -> int:
        """Units that are still to be sent."""
        return units_to_send(self.quantity, self.shipped, self.cancelled, self.refunded)


def units_to_send(quantity: int, shipped: int, cancelled: int, refunded: int) -> int:
    """How many units of a line are still to be sent.

    What is given back before it was sent counts as ``cancelled`` from then on. Of refunds that were written before they
    said so, what was given back beyond what was sent is not sent either.
    """
    return quantity - max(shipped + cancelled, refunded)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened to the order. ``kind`` is for example ``placed`` or ``cancelled``."""

    kind: str
    to_status: str | None
    actor: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel that is being prepared, on its way, or there. ``units`` are how many of which line it holds."""

    carrier: str
    tracking_number: str
    status: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    id: uuid.UUID | None = None
    units: Mapping[uuid.UUID, int] = field(default_factory=dict)

    @property
    def link(self) -> str:
        """Where its carrier shows how far it is; empty where that is not known."""
        return tracking_link(self.carrier, self.tracking_number)


@dataclass(frozen=True, slots=True)
class OrderReduction:
    """What a promotion took off this order. ``amount`` is off the goods, ``shipping`` off the shipping."""

    name: str
    code: str
    amount: Decimal
    shipping: Decimal


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Everything an order's page and mails show. Amounts are in ``currency``.

    ``external_id`` is the order's number in the other shop's books that it came from, if it did. ``left_to_pay`` is
    what was asked for and not paid yet, what a card has promised included; ``shipping_left`` is what the shipping costs
    after what was given back of it. Both contain their tax, and so does ``refunded``.
    """

    id: uuid.UUID
    number: str
    user_id: uuid.UUID | None
    email: str
    status: str
    payment_status: str
    fulfilment_status: str
    currency: str
    prices_include_tax: bool
    subtotal: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    shipping_method: str
    shipping_name: str
    payment_method: str
    note: str
    language: str
    created_at: datetime
    placed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    shipping_address: PostalAddress
    billing_address: PostalAddress
    lines: tuple[OrderLine, ...]
    events: tuple[TimelineEvent, ...]
    parcels: tuple[Parcel, ...] = ()
    external_id: str = ""
    reductions: tuple[OrderReduction, ...] = ()
    gift_card: Decimal = ZERO
    vat_number: str = ""
    tax_treatment: str = "taxed"
    refunded: Decimal = ZERO
    left_to_pay: Decimal = ZERO
    shipping_left: Decimal = ZERO

    @property
    def only_shipping_left(self) -> bool:
        """Whether all goods were given back, and what is left to pay is the shipping, which was kept."""
        goods_are_back = all(line.refunded == line.quantity for line in self.lines)
        return goods_are_back and ZERO < self.left_to_pay == self.shipping_left

    @property
    def to_pay(self) -> Decimal:
        """What is paid beside the gift card."""
        return self.total - self.gift_card

    @property
    def can_change(self) -> bool:
        """Whether the shopper may still change it."""
        may = is_changeable(self.status, self.fulfilment_status, self.payment_status)
        return may and self.to_send > 0 and not self.parcels and not self.external_id

    @property
    def to_send(self) -> int:
        """How many units are still to be sent."""
        return sum(line.left for line in self.lines)

    @property
    def quantity(self) -> int:
        """How many units were bought."""
        return sum(line.quantity for line in self.lines)

    @property
    def can_cancel(self) -> bool:
        """Whether the shopper may still cancel it."""
        return not self.parcels and is_cancellable(
            self.status, self.fulfilment_status, self.payment_status, self.payment_method
        )


def is_cancellable(status: str, fulfilment_status: str, payment_status: str, payment_method: str) -> bool:
    """Whether an order in this state may be cancelled by the person who placed it.

    Also a paid one, where the money goes back by itself, and one whose money went back already or is not owed any
    more.
    """
    if status not in CANCELLABLE or fulfilment_status != "unfulfilled":
        return False
    is_taken = payment_status in ("paid", "partially_refunded")
    return payment_status in (*NOT_PAID_YET, *SETTLED) or (is_taken and gives_back(payment_method))


def is_changeable(status: str, fulfilment_status: str, payment_status: str) -> bool:
    """Whether an order in this state may be changed: placed, nothing of it sent, its money not given back whole."""
    return status == "placed" and fulfilment_status == "unfulfilled" and payment_status != "refunded"


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in a list. ``to_send`` is how many units are still to be sent."""

    id: uuid.UUID
    number: str
    status: str
    payment_status: str
    fulfilment_status: str
    total: Decimal
    currency: str
    quantity: int
    to_send: int
    placed_at: datetime
