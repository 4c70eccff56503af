"""Reads of returns: what can come back of an order, a person's returns, the staff's list."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.catalog.models import Product
from storefront.catalog.queries import Image, image_from
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.pagination import Page
from storefront.core.settings import current_settings
from storefront.inventory.queries import on_shelf
from storefront.orders.models import Order, OrderEvent, OrderItem, Shipment
from storefront.orders.queries import normal_number, visible_to
from storefront.payments.methods import METHODS
from storefront.returns.models import RETURN_TRANSITIONS, Return, ReturnItem

PER_PAGE = 50
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
        return tuple(method.code for method in METHODS if method.offered_to(self.country))


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


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """A line that comes back. ``price_difference`` is of all its units, tax included."""

    item_id: uuid.UUID
    product_id: uuid.UUID | None
    name: str
    sku: str
    options: Mapping[str, str]
    image: Image | None
    quantity: int
    reason: str
    note: str
    restocked: bool | None
    replacement_id: uuid.UUID | None
    replacement_name: str
    replacement_sku: str
    replacement_options: Mapping[str, str]
    replacement_price: Decimal | None
    price_difference: Decimal


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return as its page and its letters show it. Amounts are in ``currency``."""

    id: uuid.UUID
    number: str
    kind: str
    status: str
    note: str
    refusal: str
    price_difference: Decimal
    payment_method: str
    payment_id: uuid.UUID | None
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    order_id: uuid.UUID
    order_number: str
    user_id: uuid.UUID | None
    currency: str
    language: str
    email: str
    lines: tuple[ReturnedLine, ...]

    @property
    def is_exchange(self) -> bool:
        """Whether other goods go out for it."""
        return self.kind == "exchange"

    @property
    def quantity(self) -> int:
        """How many units come back."""
        return sum(line.quantity for line in self.lines)


def return_page(identity: Identity, number: str) -> ReturnView:
    """This person's return. Raises :class:`NotFound`, also for somebody else's. Two statements."""
    return _one(sa.and_(Return.number == return_number(number), visible_to(identity)), number)


def staff_return(number: str) -> ReturnView:
    """Anybody's return. Raises :class:`NotFound`. Two statements."""
    return _one(Return.number == return_number(number), number)


def return_for_mail(return_id: uuid.UUID) -> ReturnView:
    """The return behind a letter. Raises :class:`NotFound`."""
    return _one(Return.id == return_id, str(return_id))


def return_number(raw: str) -> str:
    """A return's number as people type it, as it is stored."""
    return raw.strip().upper()[:60]


def returns_of(order_id: uuid.UUID) -> list[ReturnView]:
    """An order's returns, the oldest first. Two statements, one where there are none."""
    return _returns(Return.order_id == order_id)


def _one(which: sa.ColumnElement[bool], key: str) -> ReturnView:
    for found in _returns(which):
        return found
    raise NotFound("return", key)


def _returns(which: sa.ColumnElement[bool]) -> list[ReturnView]:
    row = Return
    heads = (
        session()
        .execute(
            sa.select(
                row.id,
                row.number,
                row.kind,
                row.status,
                row.note,
                row.refusal,
                row.price_difference,
                sa.func.coalesce(row.payment_method, ""),
                row.payment_id,
                row.carrier,
                row.tracking_number,
                row.shipped_at,
                row.created_at,
                row.closed_at,
                Order.id,
                Order.order_number,
                Order.user_id,
                Order.currency,
                Order.language,
                sa.func.coalesce(Order.guest_email, User.email, ""),
            )
            .join(Order, Order.id == row.order_id)
            .join(User, User.id == Order.user_id, isouter=True)
            .where(which)
            .order_by(row.created_at, row.id)
        )
        .all()
    )
    lines = _returned_lines([head[0] for head in heads]) if heads else {}
    return [_view(head, lines.get(head[0], ())) for head in heads]


def _view(head: Any, lines: Sequence[ReturnedLine]) -> ReturnView:
    values: tuple[Any, ...] = (*head, tuple(lines))
    return ReturnView(*values)


def _returned_lines(return_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[ReturnedLine]]:
    rows = session().execute(
        sa.select(ReturnItem, OrderItem)
        .join(OrderItem, OrderItem.id == ReturnItem.order_item_id)
        .where(ReturnItem.return_id.in_(return_ids))
        .order_by(OrderItem.position, OrderItem.id)
    )
    found: dict[uuid.UUID, list[ReturnedLine]] = {}
    for back, item in rows:
        line = ReturnedLine(
            item.id,
            item.product_id,
            item.name,
            item.sku,
            item.options,
            image_from(item.image, item.name),
            back.quantity,
            back.reason,
            back.note,
            back.restocked,
            back.replacement_product_id,
            back.replacement_name,
            back.replacement_sku,
            back.replacement_options,
            back.replacement_price,
            back.price_difference,
        )
        found.setdefault(back.return_id, []).append(line)
    return found


@dataclass(frozen=True, slots=True)
class StaffReturn:
    """A return in the staff's list."""

    number: str
    order_number: str
    kind: str
    status: str
    email: str
    quantity: int
    created_at: datetime


def staff_returns(text: str = "", status: str = "", page: int = 1) -> Page[StaffReturn]:
    """Returns by number or e-mail address; those that wait for somebody first, the oldest of them first.

    Two statements.
    """
    email = sa.func.coalesce(Order.guest_email, sa.cast(User.email, sa.Text), "")
    wanted: list[sa.ColumnElement[bool]] = []
    if status in RETURN_TRANSITIONS:
        wanted.append(Return.status == status)
    if text:
        like = "%" + text.replace("%", r"\%").replace("_", r"\_") + "%"
        wanted.append(sa.or_(Return.number.ilike(like), email.ilike(like)))
    joined = sa.join(Return, Order, Order.id == Return.order_id).join(
        User, User.id == Order.user_id, isouter=True
    )
    total = session().scalar(sa.select(sa.func.count(Return.id)).select_from(joined).where(*wanted)) or 0
    units = (
        sa.select(sa.func.coalesce(sa.func.sum(ReturnItem.quantity), 0))
        .where(ReturnItem.return_id == Return.id)
        .scalar_subquery()
    )
    closed_last = sa.case((Return.closed_at.is_(None), 0), else_=1)
    rows = session().execute(
        sa.select(
            Return.number,
            Order.order_number,
            Return.kind,
            Return.status,
            email,
            units,
            Return.created_at,
        )
        .select_from(joined)
        .where(*wanted)
        .order_by(
            closed_last,
            sa.case((Return.closed_at.is_(None), Return.created_at)),
            Return.created_at.desc(),
            Return.id,
        )
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([StaffReturn(*row) for row in rows], page, PER_PAGE, total)
