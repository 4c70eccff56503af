"""The order as its invoice reads it, and what has been given back of it. Under the order's lock."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session, write
from storefront.core.money import ZERO
from storefront.orders.models import Order, OrderEvent, OrderItem
from storefront.orders.queries_for_refunds import RefundedPart, order_refunds
from storefront.payments.models import Payment, Refund
from storefront.shipping.models import ShippingMethod

PAID = ("paid", "partially_refunded", "refunded")
"""Orders whose money is here, or was."""
TAKEN = ("captured", "partially_refunded", "refunded")
"""Payments of which nothing more will be captured."""


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """A line of goods, or the shipping: ``amount`` is after its discount and contains ``tax`` where prices do."""

    amount: Decimal
    tax: Decimal
    rate: Decimal
    name: str = ""
    sku: str = ""
    quantity: int = 1
    unit_price: Decimal = ZERO
    discount: Decimal = ZERO
    options: Mapping[str, str] = field(default_factory=dict)
    item_id: uuid.UUID | None = None

    @property
    def note(self) -> str:
        """What was chosen, unless the name says so."""
        return ", ".join(value for value in self.options.values() if value not in self.name)


@dataclass(frozen=True, slots=True)
class InvoicedOrder:
    """An order with everything that its invoice says. ``was_paid_later`` when the money came after the order.

    ``changes`` is how often it was changed, ``changes_on_paper`` how many of these its invoices have followed.
    """

    id: uuid.UUID
    number: str
    status: str
    payment_status: str
    payment_method: str
    currency: str
    prices_include_tax: bool
    treatment: str
    vat_number: str
    language: str
    placed_at: datetime
    gift_card: Decimal
    billing_address: Mapping[str, str]
    shipping_address: Mapping[str, str]
    reductions: list[tuple[str, Decimal]]
    shipping_method: str
    shipping_name: str
    shipping: InvoicedLine
    lines: tuple[InvoicedLine, ...]
    was_paid_later: bool
    changes: int
    changes_on_paper: int

    @property
    def country(self) -> str:
        """Where the goods went."""
        return self.shipping_address.get("country", "")

    @property
    def region(self) -> str:
        """The region of the country where the goods went, if it has been asked for."""
        return self.shipping_address.get("region", "")


def invoiced_order(order_id: uuid.UUID) -> InvoicedOrder | None:
    """The order, its row locked until the transaction ends. None for one that was never placed, or placed elsewhere."""
    of_order = sa.and_(Order.id == order_id, Order.placed_at.is_not(None), Order.external_id.is_(None))
    order = session().scalar(
        sa.select(Order)
        .options(sa.orm.undefer(Order.changes_on_paper))
        .where(of_order)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if order is None or order.placed_at is None:
        return None
    method = sa.select(ShippingMethod.name).where(ShippingMethod.code == order.shipping_method)
    events = _events(order_id)
    return InvoicedOrder(
        id=order.id,
        number=order.order_number,
        status=order.status,
        payment_status=order.payment_status,
        payment_method=order.payment_method or "",
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        treatment=order.tax_treatment,
        vat_number=order.vat_number or "",
        language=order.language,
        placed_at=order.placed_at,
        gift_card=order.gift_card_amount,
        billing_address=order.billing_address,
        shipping_address=order.shipping_address,
        reductions=[
            (_named(one), Decimal(one["amount"])) for one in order.reductions if Decimal(one["amount"])
        ],
        shipping_method=order.shipping_method or "",
        shipping_name=session().scalar(method) or order.shipping_method or "",
        shipping=InvoicedLine(order.shipping_amount, order.shipping_tax, order.shipping_tax_rate),
        lines=_lines(order_id),
        was_paid_later="paid" in events,
        changes=events.count("changed"),
        changes_on_paper=order.changes_on_paper,
    )


def _named(reduction: Mapping[str, str]) -> str:
    return reduction["name"] + (f" ({reduction['code']})" if reduction["code"] else "")


def _lines(order_id: uuid.UUID) -> tuple[InvoicedLine, ...]:
    items = session().scalars(
        sa.select(OrderItem)
        .where(OrderItem.order_id == order_id)
        .order_by(OrderItem.position, OrderItem.id)
        .execution_options(populate_existing=True)
    )
    return tuple(
        InvoicedLine(
            amount=item.total_price,
            tax=item.tax,
            rate=item.tax_rate,
            name=item.name,
            sku=item.sku,
            quantity=item.quantity,
            unit_price=item.unit_price,
            discount=item.discount,
            options=item.options,
            item_id=item.id,
        )
        for item in items
    )


def _events(order_id: uuid.UUID) -> list[str]:
    told = sa.and_(OrderEvent.order_id == order_id, OrderEvent.kind.in_(["paid", "changed"]))
    return list(session().scalars(sa.select(OrderEvent.kind).where(told)))


def note_changes(order: InvoicedOrder) -> None:
    """The order's papers have followed all its changes."""
    write(sa.update(Order).where(Order.id == order.id).values(changes_on_paper=order.changes))


@dataclass(frozen=True, slots=True)
class RefundedMoney:
    """A refund that has succeeded: one of the order, or of a payment alone (no ``order_refund_id``, no ``parts``).

    ``refund_ids`` are the payments' refunds that carry it out. ``waived`` and ``to_gift_card`` are parts of ``amount``.
    """

    order_refund_id: uuid.UUID | None
    refund_ids: frozenset[uuid.UUID]
    amount: Decimal
    reason: str
    created_at: datetime
    waived: Decimal = ZERO
    to_gift_card: Decimal = ZERO
    parts: tuple[RefundedPart, ...] = ()


def refunds_done(order_id: uuid.UUID) -> list[RefundedMoney]:
    """The order's refunds that have succeeded, the oldest first. Three statements.

    Not what went back because the order became smaller: its new invoice says so. Nor what never counted for it.
    """
    rows = (
        session()
        .execute(
            sa.select(
                Refund.id,
                Refund.order_refund_id,
                Refund.status,
                Refund.amount,
                Refund.reason,
                Refund.created_at,
            )
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Refund.order_id == order_id, sa.not_(Refund.is_change), sa.not_(Payment.is_for_change))
        )
        .all()
    )
    found = [
        RefundedMoney(
            order_refund_id=one.id,
            refund_ids=frozenset(row.id for row in rows if row.order_refund_id == one.id),
            amount=one.amount,
            reason=one.reason,
            created_at=one.created_at,
            waived=one.waived,
            to_gift_card=one.to_gift_card,
            parts=one.parts,
        )
        for one in order_refunds(order_id)
        if one.status == "succeeded"
    ]
    found += [
        RefundedMoney(None, frozenset({row.id}), row.amount, row.reason, row.created_at)
        for row in rows
        if row.order_refund_id is None and row.status == "succeeded"
    ]
    return sorted(found, key=lambda one: one.created_at)


def never_charged(order_id: uuid.UUID) -> Decimal:
    """What was promised and let go of when less was captured than had been authorised, and no more will be."""
    rest = sa.select(sa.func.coalesce(sa.func.sum(Payment.amount - Payment.captured_amount), 0)).where(
        Payment.order_id == order_id, Payment.status.in_(TAKEN), sa.not_(Payment.is_for_change)
    )
    return Decimal(session().scalar(rest) or 0)
