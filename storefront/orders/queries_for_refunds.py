"""What was given back of an order, and what still can be: by line, with its tax."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.money import ZERO
from storefront.orders.models import Order, OrderItem, OrderRefund, RefundItem
from storefront.orders.queries import SHIPPABLE, normal_number, units_to_send
from storefront.orders.refund_shares import Part
from storefront.payments.cards import CARDS
from storefront.payments.queries import PaymentRow, payments_of
from storefront.promotions.queries.gift_cards import gift_card_paid


@dataclass(frozen=True, slots=True)
class RefundableLine:
    """A line, and what is left of it: units not given back, and money with its tax. ``refunded`` is back already.

    ``to_send`` of these units are still to be sent.
    """

    id: uuid.UUID
    product_id: uuid.UUID | None
    name: str
    sku: str
    options: Mapping[str, str]
    bought: int
    refunded: Decimal
    left: Part
    to_send: int

    @property
    def charged(self) -> int:
        """The units not given back that a card which is charged by parcel was charged for."""
        return self.left.quantity - self.to_send

    def unsent_of(self, quantity: int) -> int:
        """How many of ``quantity`` units that are given back will not be sent: those that were sent go back first."""
        return max(0, quantity - self.charged)


@dataclass(frozen=True, slots=True)
class Refundable:
    """An order as whoever gives money back sees it. Amounts are in ``currency`` and contain their tax.

    ``at_most`` is what was paid or is still to be paid and is not given back yet; ``refunded`` is what is.
    """

    order_id: uuid.UUID
    number: str
    status: str
    currency: str
    is_imported: bool
    refunded: Decimal
    lines: tuple[RefundableLine, ...]
    shipping: Part
    payments: tuple[PaymentRow, ...]
    gift_card: Decimal

    @property
    def parts(self) -> list[Part]:
        """Everything that money can be given back for."""
        return [*(line.left for line in self.lines), self.shipping]

    @property
    def is_charged_by_parcel(self) -> bool:
        """Whether a card has promised more than it was charged for yet."""
        return any(one.provider == CARDS.code and one.uncaptured for one in self.payments)

    @property
    def at_most(self) -> Decimal:
        """What can go back now."""
        return sum((payment.refundable for payment in self.payments), self.gift_card)


def refundable(number: str) -> Refundable:
    """What is left of this order to give back. Raises :class:`NotFound`. Five statements."""
    row = session().execute(
        sa.select(
            Order.id,
            Order.order_number,
            Order.status,
            Order.currency,
            Order.external_id.is_not(None),
            Order.prices_include_tax,
            Order.shipping_amount,
            Order.tax_amount,
            Order.refunded_amount,
            Order.refunded_shipping,
        ).where(Order.order_number == normal_number(number), Order.status != "draft")
    )
    head = row.one_or_none()
    if head is None:
        raise NotFound("order", number)
    order_id, known, status, currency, is_imported, includes_tax, shipping, tax, refunded, shipped_back = head
    # What another shop sold was never in our stock, and is not sent by us.
    is_shippable = status in SHIPPABLE and not is_imported
    lines, line_tax = _lines(order_id, includes_tax, is_shippable=is_shippable)
    shipping_tax = tax - line_tax
    of_shipping = sa.and_(OrderRefund.order_id == order_id, RefundItem.order_item_id.is_(None))
    tax_back = session().scalar(
        sa.select(sa.func.sum(RefundItem.tax))
        .join(OrderRefund, OrderRefund.id == RefundItem.order_refund_id)
        .where(of_shipping, OrderRefund.status != "failed")
    )
    gross = shipping if includes_tax else shipping + shipping_tax
    return Refundable(
        order_id,
        known,
        status,
        currency,
        is_imported,
        refunded,
        lines,
        Part(None, 0, gross - shipped_back, shipping_tax - (tax_back or ZERO)),
        tuple(payments_of(order_id)),
        ZERO if status == "cancelled" else gift_card_paid(order_id),
    )


def _lines(
    order_id: uuid.UUID, includes_tax: bool, *, is_shippable: bool
) -> tuple[tuple[RefundableLine, ...], Decimal]:
    rows = session().execute(
        sa.select(
            OrderItem.id,
            OrderItem.product_id,
            OrderItem.name,
            OrderItem.sku,
            OrderItem.options,
            OrderItem.quantity,
            OrderItem.total_price,
            OrderItem.tax,
            OrderItem.exchange_amount,
            OrderItem.exchange_tax,
            OrderItem.refunded_quantity,
            OrderItem.refunded_amount,
            OrderItem.refunded_tax,
            OrderItem.shipped_quantity,
            OrderItem.cancelled_quantity,
        )
        .where(OrderItem.order_id == order_id)
        .order_by(OrderItem.position, OrderItem.id)
    )
    items = rows.all()
    found = tuple(_line(item, includes_tax, is_shippable) for item in items)
    return found, sum((item.tax for item in items), ZERO)


def _line(item: sa.Row[Any], includes_tax: bool, is_shippable: bool) -> RefundableLine:
    gross = item.total_price + (ZERO if includes_tax else item.tax) + item.exchange_amount
    left = Part(
        item.id,
        item.quantity - item.refunded_quantity,
        gross - item.refunded_amount,
        item.tax + item.exchange_tax - item.refunded_tax,
    )
    to_send = units_to_send(
        item.quantity, item.shipped_quantity, item.cancelled_quantity, item.refunded_quantity
    )
    return RefundableLine(
        item.id,
        item.product_id,
        item.name,
        item.sku,
        item.options,
        item.quantity,
        item.refunded_amount,
        left,
        to_send if is_shippable else 0,
    )


def refund_of_return(return_id: uuid.UUID) -> uuid.UUID | None:
    """The refund that gives back what was paid for a return; None where none does, or where it failed."""
    stands = sa.and_(OrderRefund.return_id == return_id, OrderRefund.status != "failed")
    return session().scalar(sa.select(OrderRefund.id).where(stands))


def refunds_wait(order_id: uuid.UUID) -> bool:
    """Whether a refund of the order is not decided yet."""
    waits = sa.exists().where(OrderRefund.order_id == order_id, OrderRefund.status == "pending")
    return session().scalar(sa.select(waits)) or False


def awaits_gift_card(order_id: uuid.UUID) -> bool:
    """Whether a refund that is not through yet will put money on a gift card."""
    waits = sa.and_(OrderRefund.status == "pending", OrderRefund.gift_card_amount > 0)
    return session().scalar(sa.select(sa.exists().where(OrderRefund.order_id == order_id, waits))) or False


@dataclass(frozen=True, slots=True)
class RefundedPart:
    """What a refund gave back of a line, or of the shipping (``item_id`` None). ``amount`` contains ``tax``.

    ``tax_rate`` is the line's, in per cent; None for the shipping.
    """

    item_id: uuid.UUID | None
    name: str
    sku: str
    quantity: int
    amount: Decimal
    tax: Decimal
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund with its parts, as pages, letters and credit notes read it. ``amount`` contains ``tax``."""

    id: uuid.UUID
    order_id: uuid.UUID
    amount: Decimal
    tax: Decimal
    adjustment: Decimal
    gift_card_amount: Decimal
    waived: Decimal
    destination: str
    gift_card_id: uuid.UUID | None
    status: str
    reason: str
    created_at: datetime
    parts: tuple[RefundedPart, ...]

    @property
    def by_payment(self) -> Decimal:
        """The part of it that goes the way it was paid, gift cards apart."""
        return self.amount - self.gift_card_amount - self.waived

    @property
    def is_only_waived(self) -> bool:
        """Whether nothing of it had been paid: less is asked for, and no money moves."""
        return self.waived == self.amount

    @property
    def to_gift_card(self) -> Decimal:
        """The part of it that went onto a gift card."""
        return self.amount - self.waived if self.destination == "gift_card" else self.gift_card_amount


def order_refunds(order_id: uuid.UUID) -> list[RefundView]:
    """All refunds of an order, the oldest first, those that failed too. Two statements."""
    return _refunds(OrderRefund.order_id == order_id)


def order_refund(order_refund_id: uuid.UUID) -> RefundView:
    """One refund. Raises :class:`NotFound`. Two statements."""
    for found in _refunds(OrderRefund.id == order_refund_id):
        return found
    raise NotFound("refund", str(order_refund_id))


def _refunds(which: sa.ColumnElement[bool]) -> list[RefundView]:
    row = OrderRefund
    heads = (
        session()
        .execute(
            sa.select(
                row.id,
                row.order_id,
                row.amount,
                row.tax,
                row.adjustment,
                row.gift_card_amount,
                row.waived_amount,
                row.destination,
                row.gift_card_id,
                row.status,
                row.reason,
                row.created_at,
            )
            .where(which)
            .order_by(row.created_at, row.id)
        )
        .all()
    )
    if not heads:
        return []
    items: Any = session().execute(
        sa.select(
            RefundItem.order_refund_id,
            RefundItem.order_item_id,
            sa.func.coalesce(OrderItem.name, ""),
            sa.func.coalesce(OrderItem.sku, ""),
            RefundItem.quantity,
            RefundItem.amount,
            RefundItem.tax,
            OrderItem.tax_rate,
        )
        .join(OrderItem, OrderItem.id == RefundItem.order_item_id, isouter=True)
        .where(RefundItem.order_refund_id.in_([head.id for head in heads]))
        .order_by(OrderItem.position.nulls_last(), RefundItem.id)
    )
    parts: dict[uuid.UUID, list[RefundedPart]] = {}
    for item in items:
        parts.setdefault(item[0], []).append(RefundedPart(*item[1:]))
    return [_view(head, parts.get(head.id, ())) for head in heads]


def _view(head: Any, parts: Sequence[RefundedPart]) -> RefundView:
    values: tuple[Any, ...] = (*head, tuple(parts))
    return RefundView(*values)
