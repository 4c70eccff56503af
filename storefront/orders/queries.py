"""Reads of orders: the order page, a person's list, the guest's look-up."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.accounts.models import User
from storefront.cart.models import Cart
from storefront.catalog.models import Product
from storefront.catalog.queries import Image, image_from
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.money import ZERO
from storefront.core.pagination import Page
from storefront.orders.addresses import PostalAddress, address_from
from storefront.orders.carriers import tracking_link
from storefront.orders.models import Order, OrderEvent, OrderItem, Shipment
from storefront.payments.queries import gives_back
from storefront.shipping.models import ShippingMethod

CANCELLABLE = ("pending", "placed")
"""Until it is packed."""
SHIPPABLE = ("placed", "processing")
NOT_PAID_YET = ("pending", "authorised", "failed")


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

    ``external_id`` is the order's number in the other shop's books that it came from, if it did.
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

    @property
    def to_pay(self) -> Decimal:
        """What is paid beside the gift card."""
        return self.total - self.gift_card

    @property
    def can_change(self) -> bool:
        """Whether the shopper may still change it."""
        may = is_changeable(self.status, self.fulfilment_status, self.payment_status)
        return may and not self.parcels and not self.external_id

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

    Also a paid one, where the money goes back by itself.
    """
    if status not in CANCELLABLE or fulfilment_status != "unfulfilled":
        return False
    is_taken = payment_status in ("paid", "partially_refunded")
    return payment_status in NOT_PAID_YET or (is_taken and gives_back(payment_method))


def is_changeable(status: str, fulfilment_status: str, payment_status: str) -> bool:
    """Whether an order in this state may be changed: placed, nothing of it sent, its money not given back whole."""
    return status == "placed" and fulfilment_status == "unfulfilled" and payment_status != "refunded"


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in a list."""

    id: uuid.UUID
    number: str
    status: str
    payment_status: str
    fulfilment_status: str
    total: Decimal
    currency: str
    quantity: int
    placed_at: datetime


def visible_to(identity: Identity) -> sa.ColumnElement[bool]:
    """The condition that this person may see an order: their own, or one a guest has proved."""
    mine: list[sa.ColumnElement[bool]] = []
    if identity.user_id is not None:
        mine.append(Order.user_id == identity.user_id)
    if identity.proved_order_ids:
        mine.append(Order.id.in_(identity.proved_order_ids))
    return sa.and_(sa.or_(sa.false(), *mine), Order.status != "draft")


def order_page(identity: Identity, number: str) -> OrderPage:
    """The order with this number. Raises :class:`NotFound`, also for somebody else's order. Four statements."""
    return order_page_where(
        sa.and_(Order.order_number == normal_number(number), visible_to(identity)), number
    )


def order_for_mail(order_id: uuid.UUID) -> OrderPage:
    """The order behind a mail, whoever's it is. Raises :class:`NotFound`."""
    return order_page_where(Order.id == order_id, str(order_id))


def order_of_parcel(shipment_id: uuid.UUID) -> tuple[OrderPage, Parcel]:
    """A parcel with its order, for the mail about it. Raises :class:`NotFound`, also for one that was not sent."""
    order_id = session().scalar(sa.select(Shipment.order_id).where(Shipment.id == shipment_id))
    if order_id is not None:
        order = order_for_mail(order_id)
        for parcel in order.parcels:
            if parcel.id == shipment_id:
                return order, parcel
    raise NotFound("parcel", str(shipment_id))


def orders_of(user_id: uuid.UUID, page: int = 1, per_page: int = 10) -> Page[OrderSummary]:
    """The person's orders, the newest first. Two statements."""
    mine = sa.and_(Order.user_id == user_id, Order.placed_at.is_not(None))
    total = session().scalar(sa.select(sa.func.count()).select_from(Order).where(mine)) or 0
    return Page(_summaries(mine, per_page, (page - 1) * per_page), page, per_page, total)


def recent_orders(identity: Identity, limit: int) -> list[OrderSummary]:
    """The latest orders this person may see: their own, or those a guest has proved. One statement."""
    return _summaries(sa.and_(visible_to(identity), Order.placed_at.is_not(None)), limit)


def _summaries(which: sa.ColumnElement[bool], limit: int, offset: int = 0) -> list[OrderSummary]:
    units = (
        sa.select(sa.func.coalesce(sa.func.sum(OrderItem.quantity), 0))
        .where(OrderItem.order_id == Order.id)
        .scalar_subquery()
    )
    rows = session().execute(
        sa.select(
            Order.id,
            Order.order_number,
            Order.status,
            Order.payment_status,
            Order.fulfilment_status,
            Order.total_amount,
            Order.currency,
            units,
            Order.placed_at,
        )
        .where(which)
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [OrderSummary(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An order that its shopper is about to pay, or has just paid. Amounts are in ``currency``.

    ``to_pay`` is what a gift card leaves of ``total``.
    """

    id: uuid.UUID
    number: str
    status: str
    total: Decimal
    to_pay: Decimal
    currency: str


def order_to_pay(identity: Identity, number: str) -> Unpaid:
    """This person's order, also while it is a draft. Raises :class:`NotFound`, also for somebody else's."""
    cart_is_theirs = sa.exists().where(Cart.id == Order.cart_id, Cart.session_id == identity.session_id)
    theirs: sa.ColumnElement[bool] = Order.id.in_(identity.proved_order_ids)
    if identity.user_id is not None:
        theirs = sa.or_(theirs, Order.user_id == identity.user_id)
    elif identity.session_id is not None:
        theirs = sa.or_(theirs, sa.and_(Order.user_id.is_(None), cart_is_theirs))
    row = (
        session()
        .execute(
            sa.select(
                Order.id,
                Order.order_number,
                Order.status,
                Order.total_amount,
                Order.total_amount - Order.gift_card_amount,
                Order.currency,
            ).where(Order.order_number == normal_number(number), theirs)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("order", number)
    return Unpaid(*row)


def find_guest_order(number: str, email: str) -> uuid.UUID | None:
    """The id of a guest's order by its number and e-mail address; None whichever of the two is wrong.

    Somebody whose order came out of another shop's books has an account that they have never opened: until they set
    a password by a mailed link they find it as guests do. That a stranger signs up with their address changes nothing.
    """
    address = email.strip()
    unopened = sa.and_(
        Order.external_id.is_not(None),
        User.email == address,
        sa.not_(User.email_verified),
        User.deleted_at.is_(None),
        User.is_active,
    )
    return session().scalar(
        sa.select(Order.id)
        .join(User, User.id == Order.user_id, isouter=True)
        .where(
            Order.order_number == normal_number(number),
            sa.or_(sa.and_(Order.guest_email == address, Order.user_id.is_(None)), unopened),
            Order.status != "draft",
        )
    )


def normal_number(number: str) -> str:
    """An order number as people type it (``# 3k7m-p2qx``), as it is stored."""
    return "".join(character for character in number.upper() if character.isalnum())[:40]


def order_page_where(which: sa.ColumnElement[bool], key: str) -> OrderPage:
    row = (
        session()
        .execute(
            sa.select(
                Order.id,
                Order.order_number.label("number"),
                Order.user_id,
                sa.func.coalesce(Order.guest_email, User.email, "").label("email"),
                Order.status,
                Order.payment_status,
                Order.fulfilment_status,
                Order.currency,
                Order.prices_include_tax,
                Order.subtotal,
                Order.discount_amount.label("discount"),
                Order.shipping_amount.label("shipping"),
                Order.tax_amount.label("tax"),
                Order.total_amount.label("total"),
                sa.func.coalesce(Order.shipping_method, "").label("shipping_method"),
                sa.func.coalesce(ShippingMethod.name, Order.shipping_method, "").label("shipping_name"),
                sa.func.coalesce(Order.payment_method, "").label("payment_method"),
                sa.func.coalesce(Order.customer_note, "").label("note"),
                Order.language,
                Order.created_at,
                Order.placed_at,
                Order.cancelled_at,
                sa.func.coalesce(Order.cancel_reason, "").label("cancel_reason"),
                Order.shipping_address,
                Order.billing_address,
                sa.func.coalesce(Order.external_id, "").label("external_id"),
                Order.reductions,
                Order.gift_card_amount.label("gift_card"),
                sa.func.coalesce(Order.vat_number, "").label("vat_number"),
                Order.tax_treatment,
            )
            .join(User, User.id == Order.user_id, isouter=True)
            .join(ShippingMethod, ShippingMethod.code == Order.shipping_method, isouter=True)
            .where(which)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("order", key)
    head = dict(row._mapping)
    return OrderPage(
        **head
        | {
            "shipping_address": address_from(row.shipping_address),
            "billing_address": address_from(row.billing_address),
            "reductions": tuple(
                OrderReduction(one["name"], one["code"], Decimal(one["amount"]), Decimal(one["shipping"]))
                for one in row.reductions
            ),
        },
        lines=_lines(row.id),
        events=_events(row.id),
        parcels=_parcels(row.id),
    )


def _lines(order_id: uuid.UUID) -> tuple[OrderLine, ...]:
    parent = aliased(Product)
    living = sa.and_(Product.id == OrderItem.product_id, Product.deleted_at.is_(None), Product.is_active)
    rows = session().execute(
        sa.select(OrderItem, sa.func.coalesce(parent.slug, Product.slug))
        .join(Product, living, isouter=True)
        .join(parent, parent.id == Product.parent_id, isouter=True)
        .where(OrderItem.order_id == order_id)
        .order_by(OrderItem.position, OrderItem.id)
    )
    return tuple(
        OrderLine(
            item.id,
            item.product_id,
            item.sku,
            item.name,
            item.options,
            image_from(item.image, item.name),
            item.quantity,
            item.unit_price,
            item.discount,
            item.total_price,
            slug,
            item.shipped_quantity,
            item.cancelled_quantity,
            item.delivered_quantity,
            item.returned_quantity,
            item.refunded_quantity,
        )
        for item, slug in rows
    )


def _events(order_id: uuid.UUID) -> tuple[TimelineEvent, ...]:
    event = OrderEvent
    rows = session().execute(
        sa.select(event.kind, event.to_status, event.actor, event.note, event.created_at)
        .where(event.order_id == order_id)
        .order_by(event.created_at, event.id)
    )
    return tuple(TimelineEvent(*row) for row in rows)


def _parcels(order_id: uuid.UUID) -> tuple[Parcel, ...]:
    rows = session().execute(
        sa.select(
            sa.func.coalesce(Shipment.carrier, "").label("carrier"),
            sa.func.coalesce(Shipment.tracking_number, "").label("tracking_number"),
            Shipment.status,
            Shipment.shipped_at,
            Shipment.delivered_at,
            Shipment.id,
            Shipment.items,
        )
        .where(Shipment.order_id == order_id, Shipment.status != "cancelled")
        .order_by(Shipment.created_at, Shipment.id)
    )
    return tuple(
        Parcel(
            row.carrier,
            row.tracking_number,
            row.status,
            row.shipped_at,
            row.delivered_at,
            row.id,
            {uuid.UUID(one["order_item_id"]): int(one["quantity"]) for one in row.items},
        )
        for row in rows
    )
