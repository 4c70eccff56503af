"""A return as its page, its letters and whoever works on it read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.catalog.queries import Image, image_from
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.orders.carriers import tracking_link
from storefront.orders.models import Order, OrderItem
from storefront.orders.queries import visible_to
from storefront.payments.cards import CARDS
from storefront.payments.methods import METHODS
from storefront.payments.models import Payment
from storefront.returns.models import Return, ReturnItem


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
    """A return as its page and its letters show it. Amounts are in ``currency``.

    ``is_charged`` when what replacements cost more counts: it was promised to be paid later, or a card has paid it.
    """

    id: uuid.UUID
    number: str
    kind: str
    status: str
    note: str
    refusal: str
    price_difference: Decimal
    payment_method: str
    payment_id: uuid.UUID | None
    is_charged: bool
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    order_id: uuid.UUID
    order_number: str
    country: str
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
    def awaits_card(self) -> bool:
        """Whether its shopper has yet to pay what the replacements cost more by card."""
        return (
            self.price_difference > 0
            and self.payment_method == CARDS.code
            and self.status in ("approved", "received")
            and not self.is_charged
        )

    @property
    def card_least(self) -> Decimal:
        """What a card has to pay at the least, where the replacements cost less than that more; else zero."""
        least = CARDS.least(self.currency)
        return least if self.price_difference < least else Decimal(0)

    @property
    def link(self) -> str:
        """Where the replacement's carrier shows how far it is; empty where that is not known."""
        return tracking_link(self.carrier, self.tracking_number)

    @property
    def later_methods(self) -> tuple[str, ...]:
        """The ways to pay what the replacements cost more without a card."""
        return tuple(method.code for method in METHODS if method.offered_to(self.country))

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
                sa.func.coalesce(sa.not_(Payment.is_for_change), sa.false()),
                row.carrier,
                row.tracking_number,
                row.shipped_at,
                row.created_at,
                row.closed_at,
                Order.id,
                Order.order_number,
                sa.func.coalesce(Order.shipping_address["country"].astext, ""),
                Order.user_id,
                Order.currency,
                Order.language,
                sa.func.coalesce(Order.guest_email, User.email, ""),
            )
            .join(Order, Order.id == row.order_id)
            .join(User, User.id == Order.user_id, isouter=True)
            .join(Payment, Payment.id == row.payment_id, isouter=True)
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


def return_of_payment(payment_id: uuid.UUID) -> ReturnView | None:
    """The exchange whose difference this payment is for; None for one that is not wanted any more. Two statements."""
    return next(iter(_returns(Return.payment_id == payment_id)), None)
