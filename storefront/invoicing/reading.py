"""The order as its invoice reads it, and what has been given back of it. Under the order's lock."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.money import ZERO
from storefront.invoicing.crediting import GivenBack
from storefront.orders.models import Order, OrderEvent, OrderItem, OrderRefund, RefundItem
from storefront.payments.models import Payment, Refund
from storefront.shipping.models import ShippingMethod

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


@dataclass(frozen=True, slots=True)
class InvoicedOrder:
    """An order with everything that its invoice says. ``was_paid_later`` when the money came after the order."""

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
    shipping_name: str
    shipping: InvoicedLine
    lines: tuple[InvoicedLine, ...]
    was_paid_later: bool

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
    order = session().scalar(sa.select(Order).where(of_order).with_for_update(key_share=True))
    if order is None or order.placed_at is None:
        return None
    method = sa.select(ShippingMethod.name).where(ShippingMethod.code == order.shipping_method)
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
        shipping_name=session().scalar(method) or order.shipping_method or "",
        shipping=InvoicedLine(order.shipping_amount, order.shipping_tax, order.shipping_tax_rate),
        lines=_lines(order_id),
        was_paid_later=_was_paid_later(order_id),
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
        )
        for item in items
    )


def _was_paid_later(order_id: uuid.UUID) -> bool:
    paid = sa.exists().where(OrderEvent.order_id == order_id, OrderEvent.kind == "paid")
    return bool(session().scalar(sa.select(paid)))


@dataclass(frozen=True, slots=True)
class RefundedMoney:
    """A refund of the order that has succeeded, ``lines`` of what; or money that went back without a decision."""

    id: uuid.UUID
    amount: Decimal
    reason: str
    is_decided: bool
    created_at: datetime
    lines: tuple[GivenBack, ...] = ()


def refunds_done(order_id: uuid.UUID) -> list[RefundedMoney]:
    """The order's refunds whose money is back, the oldest first. Three statements."""
    decided, money = OrderRefund, Refund
    lines = _lines_given_back(order_id)
    done = session().execute(
        sa.select(decided.id, decided.amount, decided.reason, sa.true(), decided.created_at).where(
            decided.order_id == order_id, decided.status == "succeeded"
        )
    )
    undecided = session().execute(
        sa.select(money.id, money.amount, money.reason, sa.false(), money.created_at).where(
            money.order_id == order_id, money.status == "succeeded", money.order_refund_id.is_(None)
        )
    )
    found = [
        RefundedMoney(
            id=row_id,
            amount=amount,
            reason=reason,
            is_decided=is_decided,
            created_at=created_at,
            lines=tuple(lines.get(row_id, ())),
        )
        for row_id, amount, reason, is_decided, created_at in [*done, *undecided]
    ]
    return sorted(found, key=lambda one: (one.created_at, one.id))


def _lines_given_back(order_id: uuid.UUID) -> Mapping[uuid.UUID, Sequence[GivenBack]]:
    """What each refund of the order consists of, by the refund's id."""
    rows = session().execute(
        sa.select(
            RefundItem.order_refund_id,
            sa.func.coalesce(OrderItem.tax_rate, Order.shipping_tax_rate),
            RefundItem.amount,
            RefundItem.tax,
        )
        .join(OrderRefund, OrderRefund.id == RefundItem.order_refund_id)
        .join(Order, Order.id == OrderRefund.order_id)
        .join(OrderItem, OrderItem.id == RefundItem.order_item_id, isouter=True)
        .where(Order.id == order_id)
    )
    found: dict[uuid.UUID, list[GivenBack]] = {}
    for refund_id, rate, amount, tax in rows:
        found.setdefault(refund_id, []).append(GivenBack(rate, amount, tax))
    return found


def never_charged(order_id: uuid.UUID) -> Decimal:
    """What was promised and let go of when less was captured than had been authorised, and no more will be."""
    rest = sa.select(sa.func.coalesce(sa.func.sum(Payment.amount - Payment.captured_amount), 0)).where(
        Payment.order_id == order_id, Payment.status.in_(TAKEN)
    )
    return Decimal(session().scalar(rest) or 0)
