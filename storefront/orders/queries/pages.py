"""One order as a whole, for its page and for letters about it."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.accounts.models import User
from storefront.catalog.models import Product
from storefront.catalog.queries import image_from
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.orders.addresses import address_from
from storefront.orders.models import Order, OrderEvent, OrderItem, Shipment
from storefront.orders.queries.views import OrderLine, OrderPage, OrderReduction, Parcel, TimelineEvent
from storefront.payments.models import Payment
from storefront.shipping.models import ShippingMethod


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


def normal_number(number: str) -> str:
    """An order number as people type it (``# 3k7m-p2qx``), as it is stored."""
    return "".join(character for character in number.upper() if character.isalnum())[:40]


def order_page_where(which: sa.ColumnElement[bool], key: str) -> OrderPage:
    """The one order that meets ``which``. Raises :class:`NotFound` for ``key``. Four statements."""
    row = session().execute(_heads().where(which)).one_or_none()
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


@cache
def _heads() -> sa.Select[Any]:
    columns: tuple[Any, ...] = (
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
        Order.refunded_amount.label("refunded"),
        _left_to_pay().label("left_to_pay"),
        _shipping_left().label("shipping_left"),
    )
    return (
        sa.select(*columns)
        .join(User, User.id == Order.user_id, isouter=True)
        .join(ShippingMethod, ShippingMethod.code == Order.shipping_method, isouter=True)
    )


def _left_to_pay() -> sa.ColumnElement[Decimal]:
    """What was asked for and not paid yet; what a change or an exchange costs has pages of its own."""
    is_open = Payment.status.in_(["pending", "authorised", "failed"])
    beside = sa.or_(Payment.is_for_change, Payment.is_for_exchange)
    left = sa.select(sa.func.sum(Payment.amount - Payment.captured_amount)).where(
        Payment.order_id == Order.id, is_open, sa.not_(beside)
    )
    return sa.func.coalesce(left.scalar_subquery(), 0)


def _shipping_left() -> sa.ColumnElement[Decimal]:
    """What the shipping costs after what was given back of it, with its tax."""
    on_top = sa.case((Order.prices_include_tax, 0), else_=Order.shipping_tax)
    return Order.shipping_amount + on_top - Order.refunded_shipping


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
