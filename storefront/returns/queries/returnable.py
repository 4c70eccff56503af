"""What can come back of an order, and what could go out instead."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from storefront.catalog.models import Product
from storefront.catalog.queries import Image, image_from
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.inventory.queries import on_shelf
from storefront.orders.models import Order, OrderEvent, OrderItem, Shipment
from storefront.orders.queries import normal_number, visible_to
from storefront.payments.queries import providers

REASONS = ("too_small", "too_large", "not_as_described", "damaged", "wrong_item", "changed_mind", "other")


@dataclass(frozen=True, slots=True)
class Replacement:
    """Another variant of the same product: what it costs a unit, and how many lie on the shelf.

    Nobody waits for a replacement on back-order: it leaves when the goods have come.
    """

    product_id: uuid.UUID
    name: str
    sku: str
    options: Mapping[str, str]
    price: Decimal
    available: int


@dataclass(frozen=True, slots=True)
class ReturnableLine:
    """A line of which ``left`` units have arrived and are not coming back yet."""

    id: uuid.UUID
    name: str
    sku: str
    options: Mapping[str, str]
    image: Image | None
    quantity: int
    left: int
    unit_price: Decimal
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnableOrder:
    """What can come back of an order, and until when. ``methods`` pay for a dearer replacement."""

    order_id: uuid.UUID
    number: str
    user_id: uuid.UUID | None
    currency: str
    country: str
    until: datetime | None
    lines: tuple[ReturnableLine, ...]

    @property
    def has_left(self) -> bool:
        """Whether anything has arrived that is not coming back yet."""
        return any(line.left for line in self.lines)

    @property
    def is_open(self) -> bool:
        """Whether its shopper may ask for it now."""
        return self.has_left and self.until is not None and now() < self.until

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways to pay for a dearer replacement."""
        return self.methods_for(None)

    def methods_for(self, difference: Decimal | None) -> tuple[str, ...]:
        """Those of them that take so little."""
        return tuple(method.code for method in providers(self.country, difference, self.currency))


def returnable(identity: Identity, number: str) -> ReturnableOrder:
    """What this person can send back of their order. Raises :class:`NotFound`, also for somebody else's.

    Three statements.
    """
    return _returnable(sa.and_(Order.order_number == normal_number(number), visible_to(identity)), number)


def staff_returnable(number: str) -> ReturnableOrder:
    """The same of anybody's order."""
    known = sa.and_(Order.order_number == normal_number(number), Order.status != "draft")
    return _returnable(known, number)


def _returnable(which: sa.ColumnElement[bool], number: str) -> ReturnableOrder:
    parcel = sa.select(sa.func.max(Shipment.delivered_at)).where(
        Shipment.order_id == Order.id, Shipment.status == "delivered"
    )
    told = sa.select(sa.func.max(OrderEvent.created_at)).where(
        OrderEvent.order_id == Order.id, OrderEvent.kind == "delivered"
    )
    row = session().execute(
        sa.select(
            Order.id,
            Order.order_number,
            Order.user_id,
            Order.currency,
            sa.func.coalesce(Order.shipping_address["country"].astext, ""),
            sa.func.coalesce(parcel.scalar_subquery(), told.scalar_subquery(), Order.placed_at),
        ).where(which)
    )
    head = row.one_or_none()
    if head is None:
        raise NotFound("order", number)
    order_id, known, user_id, currency, country, arrived = head
    until = arrived + timedelta(days=current_settings().return_days) if arrived else None
    return ReturnableOrder(order_id, known, user_id, currency, country, until, _lines(order_id))


def _lines(order_id: uuid.UUID) -> tuple[ReturnableLine, ...]:
    rows = (
        session()
        .execute(
            sa.select(OrderItem, Product.parent_id)
            .join(Product, Product.id == OrderItem.product_id, isouter=True)
            .where(OrderItem.order_id == order_id)
            .order_by(OrderItem.position, OrderItem.id)
        )
        .all()
    )
    families = {parent for _, parent in rows if parent is not None}
    siblings = _replacements(families) if families else {}
    return tuple(
        ReturnableLine(
            item.id,
            item.name,
            item.sku,
            item.options,
            image_from(item.image, item.name),
            item.quantity,
            item.delivered_quantity - item.returned_quantity,
            item.unit_price,
            tuple(
                one
                for one in (siblings.get(parent, ()) if parent else ())
                if one.product_id != item.product_id
            ),
        )
        for item, parent in rows
    )


def _replacements(families: set[uuid.UUID]) -> dict[uuid.UUID, list[Replacement]]:
    row = Product
    rows = session().execute(
        sa.select(
            row.parent_id, row.id, row.name, row.sku, row.options, row.price, sa.func.greatest(on_shelf(), 0)
        )
        .where(row.parent_id.in_(families), row.is_active, row.deleted_at.is_(None))
        .order_by(row.name, row.id)
    )
    found: dict[uuid.UUID, list[Replacement]] = {}
    for one in rows:
        found.setdefault(one[0], []).append(Replacement(*tuple(one)[1:]))
    return found
