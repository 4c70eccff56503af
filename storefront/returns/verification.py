"""Do the books of returns agree? What ``flask ops verify`` asks about them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from storefront.core.db import session
from storefront.inventory.models import StockReservation
from storefront.orders.models import Order, OrderEvent, OrderItem
from storefront.payments.models import Payment
from storefront.returns.models import Return, ReturnItem


@dataclass(frozen=True, slots=True)
class ReturnDifference:
    """An order's line or a return whose figure does not agree. ``stored`` is on its row."""

    number: str
    what: str
    stored: int
    computed: int


def return_differences(limit: int = 100) -> list[ReturnDifference]:
    """Lines that count other units as coming back than their returns say, exchanges that hold what they should not, and
    orders that count other amounts for them."""
    coming = (
        sa.select(sa.func.coalesce(sa.func.sum(ReturnItem.quantity), 0))
        .join(Return, Return.id == ReturnItem.return_id)
        .where(ReturnItem.order_item_id == OrderItem.id, Return.status.not_in(["rejected", "cancelled"]))
        .correlate(OrderItem)
        .scalar_subquery()
    )
    lines = session().execute(
        sa.select(Order.order_number, OrderItem.returned_quantity, coming)
        .join(Order, Order.id == OrderItem.order_id)
        .where(OrderItem.returned_quantity != coming)
        .limit(limit)
    )
    found = [ReturnDifference(number, "returned units", one, int(two)) for number, one, two in lines]
    waits = sa.and_(
        Return.kind == "exchange", Return.status.in_(["approved", "received"]), Return.shipped_at.is_(None)
    )
    units = (
        sa.select(sa.func.coalesce(sa.func.sum(ReturnItem.quantity), 0))
        .where(ReturnItem.return_id == Return.id, ReturnItem.replacement_product_id.is_not(None))
        .correlate(Return)
        .scalar_subquery()
    )
    held = (
        sa.select(sa.func.coalesce(sa.func.sum(StockReservation.quantity), 0))
        .where(StockReservation.return_id == Return.id)
        .correlate(Return)
        .scalar_subquery()
    )
    expected = sa.case((waits, units), else_=0)
    rows = session().execute(sa.select(Return.number, expected, held).where(expected != held).limit(limit))
    found.extend(
        ReturnDifference(number, "held replacements", int(one), int(two)) for number, one, two in rows
    )
    return [*found, *_counted(limit)]


def _counted(limit: int) -> list[ReturnDifference]:
    """Orders that count another amount on top than their dearer exchanges come to. In cents."""
    on_top = (
        sa.select(sa.func.coalesce(sa.func.sum(Return.price_difference), 0))
        .join(Payment, Payment.id == Return.payment_id, isouter=True)
        .where(
            Return.order_id == Order.id,
            Return.price_difference > 0,
            sa.or_(sa.not_(Payment.is_for_change), _was_paid_and_closed()),
        )
        .correlate(Order)
        .scalar_subquery()
    )
    rows = session().execute(
        sa.select(Order.order_number, Order.exchange_amount, on_top)
        .where(Order.exchange_amount != on_top)
        .limit(limit)
    )
    return [
        ReturnDifference(number, "cents paid for exchanges on top", int(one * 100), int(two * 100))
        for number, one, two in rows
    ]


def _was_paid_and_closed() -> sa.ColumnElement[bool]:
    """Of exchanges that were closed before they kept their payment: what staff had seen paid stayed on the order."""
    seen = sa.exists().where(
        OrderEvent.order_id == Return.order_id,
        OrderEvent.kind == "difference_paid",
        sa.func.starts_with(OrderEvent.note, Return.number + ":"),
    )
    return sa.and_(Return.status == "cancelled", Return.payment_id.is_(None), seen)
