"""Do the books of what was given back agree? Part of what ``flask ops verify`` asks about orders."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.orders.models import Order, OrderItem, OrderRefund, RefundItem
from storefront.payments.models import Payment, Refund
from storefront.payments.refusals import owes_refused
from storefront.promotions.models import GiftCardEntry


@dataclass(frozen=True, slots=True)
class OrderDifference:
    """An order whose figures do not agree. ``stored`` is on the order, ``computed`` out of its lines or ledger."""

    number: str
    what: str
    stored: Decimal
    computed: Decimal


def refund_differences(limit: int = 100) -> list[OrderDifference]:
    """Orders whose refunds do not sum to what their rows say, or whose money is not where the refunds say."""
    return [*_counted(limit), *_of_lines(limit), *_money(limit)]


def _counted(limit: int) -> list[OrderDifference]:
    """What a line, the shipping and the order count as given back is what the refunds that stand consist of."""
    stands = sa.and_(OrderRefund.order_id == Order.id, OrderRefund.status != "failed")

    def total(column: Any, *which: sa.ColumnElement[bool]) -> Any:
        found = (
            sa.select(sa.func.sum(column))
            .join(OrderRefund, OrderRefund.id == RefundItem.order_refund_id)
            .where(stands, *which)
            .correlate(Order)
        )
        return sa.func.coalesce(found.scalar_subquery(), 0)

    checks: tuple[tuple[str, Any, Any], ...] = (
        ("refunded amount", Order.refunded_amount, total(RefundItem.amount)),
        ("refunded tax", Order.refunded_tax, total(RefundItem.tax)),
        (
            "refunded shipping",
            Order.refunded_shipping,
            total(RefundItem.amount, RefundItem.order_item_id.is_(None)),
        ),
    )
    return _found(checks, Order, limit)


def _of_lines(limit: int) -> list[OrderDifference]:
    stands = RefundItem.order_refund_id.in_(sa.select(OrderRefund.id).where(OrderRefund.status != "failed"))

    def total(column: Any) -> Any:
        mine = RefundItem.order_item_id == OrderItem.id
        return sa.func.coalesce(
            sa.select(sa.func.sum(column)).where(mine, stands).correlate(OrderItem).scalar_subquery(), 0
        )

    # Also of refunds that failed; what is closed is not sent either.
    unsent = sa.select(sa.func.sum(RefundItem.unsent)).where(RefundItem.order_item_id == OrderItem.id)
    known = sa.func.coalesce(unsent.correlate(OrderItem).scalar_subquery(), 0)
    cancelled = OrderItem.cancelled_quantity
    checks: tuple[tuple[str, Any, Any], ...] = (
        ("unsent units of a line", cancelled, sa.func.greatest(cancelled, known)),
        ("refunded units of a line", OrderItem.refunded_quantity, total(RefundItem.quantity)),
        ("refunded amount of a line", OrderItem.refunded_amount, total(RefundItem.amount)),
        ("refunded tax of a line", OrderItem.refunded_tax, total(RefundItem.tax)),
    )
    joined = sa.join(OrderItem, Order, Order.id == OrderItem.order_id)
    return _found(checks, joined, limit)


def _money(limit: int) -> list[OrderDifference]:
    """A refund that is done went to payments and cards to the cent, or lowered what is to be paid."""
    moved = sa.select(sa.func.sum(Refund.amount)).where(
        Refund.order_refund_id == OrderRefund.id, Refund.status != "failed"
    )
    by_payments = OrderRefund.amount - OrderRefund.gift_card_amount - OrderRefund.waived_amount
    on_cards = sa.select(sa.func.sum(GiftCardEntry.delta)).where(
        GiftCardEntry.order_refund_id == OrderRefund.id
    )
    promised_to_cards = sa.select(sa.func.sum(Refund.amount)).where(
        Refund.order_refund_id == OrderRefund.id,
        Refund.gift_card_id.is_not(None),
        Refund.status == "succeeded",
    )
    checks: tuple[tuple[str, Any, Any], ...] = (
        ("refund by payments", by_payments, sa.func.coalesce(moved.scalar_subquery(), 0)),
        (
            "refund on gift cards",
            OrderRefund.gift_card_amount + sa.func.coalesce(promised_to_cards.scalar_subquery(), 0),
            sa.func.coalesce(on_cards.scalar_subquery(), 0),
        ),
    )
    joined = sa.join(OrderRefund, Order, Order.id == OrderRefund.order_id)
    return [
        *_found(checks, joined, limit, OrderRefund.status == "succeeded"),
        *_beside_orders(limit),
    ]


def _beside_orders(limit: int) -> list[OrderDifference]:
    """What a payment's refund that carries out none of an order's has put on a gift card is there."""
    booked = sa.select(GiftCardEntry.delta).where(GiftCardEntry.refund_id == Refund.id).scalar_subquery()
    checks: tuple[tuple[str, Any, Any], ...] = (
        ("payment given back on a gift card", Refund.amount, sa.func.coalesce(booked, 0)),
    )
    joined = sa.join(Refund, Order, Order.id == Refund.order_id)
    return _found(checks, joined, limit, Refund.gift_card_id.is_not(None), Refund.order_refund_id.is_(None))


def owed_differences(limit: int = 100) -> list[OrderDifference]:
    """Orders that have paid what is not theirs to pay, and whose money its provider would not give back.

    The books agree about it, and yet somebody waits for it: ``stored`` was taken, ``computed`` is back.
    """
    found = session().execute(
        sa.select(Order.order_number, Payment.captured_amount, Payment.refunded_amount)
        .join(Payment, Payment.order_id == Order.id)
        .where(Payment.captured_amount > Payment.refunded_amount, owes_refused(Order.id))
        .order_by(Order.created_at)
        .limit(limit)
    )
    return [OrderDifference(number, "money owed, its return refused", *amounts) for number, *amounts in found]


def _found(
    checks: tuple[tuple[str, Any, Any], ...], source: Any, limit: int, *which: sa.ColumnElement[bool]
) -> list[OrderDifference]:
    found: list[OrderDifference] = []
    for what, stored, computed in checks:
        rows = session().execute(
            sa.select(Order.order_number, stored, computed)
            .select_from(source)
            .where(stored != computed, *which)
            .limit(limit)
        )
        found.extend(OrderDifference(number, what, Decimal(one), Decimal(two)) for number, one, two in rows)
    return found
