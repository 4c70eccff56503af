"""Do the books agree? What ``flask ops verify`` asks about orders; each answer lists what does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.inventory.models import REPLACEMENT, StockMovement, StockReservation
from storefront.orders.models import Order, OrderItem, OrderRefund
from storefront.orders.refund_verification import OrderDifference, refund_differences
from storefront.orders.selling import NOT_SOLD
from storefront.promotions.models import GiftCardEntry, PromotionUse


def order_differences(limit: int = 100) -> list[OrderDifference]:
    """Orders whose lines do not sum to their amounts, or that the ledgers know otherwise: stock, uses, gift cards.

    Orders out of other shops' books (``external_id``) brought their own stock: our ledger knows nothing of it.
    """
    return [*_amounts(limit), *_units(limit), *_concessions(limit), *refund_differences(limit)]


def _concessions(limit: int) -> list[OrderDifference]:
    """A living order's discount is what its promotions took off, its gift card's part what the card's ledger says.

    An order that was given up or cancelled has given both back.
    """
    used = sa.func.coalesce(
        sa.select(sa.func.sum(PromotionUse.amount))
        .where(PromotionUse.order_id == Order.id)
        .scalar_subquery(),
        0,
    )
    # What refunds have put back on cards has left the order's part; on a cancelled one nothing is left anyway.
    paid = sa.func.coalesce(
        sa.select(-sa.func.sum(GiftCardEntry.delta))
        .where(GiftCardEntry.order_id == Order.id)
        .scalar_subquery(),
        0,
    )
    back = sa.func.coalesce(
        sa.select(sa.func.sum(OrderRefund.gift_card_amount))
        .where(OrderRefund.order_id == Order.id, OrderRefund.status == "succeeded")
        .scalar_subquery(),
        0,
    )
    is_cancelled = Order.status == "cancelled"
    checks: tuple[tuple[str, Any, Any], ...] = (
        ("discount by promotions", sa.case((is_cancelled, 0), else_=Order.discount_amount), used),
        ("paid by gift card", sa.case((is_cancelled, 0), else_=Order.gift_card_amount - back), paid),
    )
    found: list[OrderDifference] = []
    for what, stored, computed in checks:
        rows = session().execute(
            sa.select(Order.order_number, stored, computed)
            .where(stored != computed, Order.external_id.is_(None))
            .limit(limit)
        )
        found.extend(OrderDifference(number, what, Decimal(one), Decimal(two)) for number, one, two in rows)
    return found


def _amounts(limit: int) -> list[OrderDifference]:
    sums = (
        sa.select(
            OrderItem.order_id,
            sa.func.sum(OrderItem.unit_price * OrderItem.quantity).label("subtotal"),
            sa.func.sum(OrderItem.total_price).label("lines"),
            sa.func.sum(OrderItem.tax).label("tax"),
        )
        .group_by(OrderItem.order_id)
        .subquery()
    )
    tax_on_top = sa.case((Order.prices_include_tax, 0), else_=Order.tax_amount)
    total = Order.subtotal - Order.discount_amount + Order.shipping_amount + tax_on_top
    checks: tuple[tuple[str, Any, Any], ...] = (
        ("subtotal", Order.subtotal, sa.func.coalesce(sums.c.subtotal, 0)),
        ("goods after discount", Order.subtotal - Order.discount_amount, sa.func.coalesce(sums.c.lines, 0)),
        ("tax", Order.tax_amount - Order.shipping_tax, sa.func.coalesce(sums.c.tax, 0)),
        ("total", Order.total_amount, total),
    )
    found: list[OrderDifference] = []
    for what, stored, computed in checks:
        rows = session().execute(
            sa.select(Order.order_number, stored, computed)
            .join(sums, sums.c.order_id == Order.id, isouter=True)
            .where(stored != computed)
            .limit(limit)
        )
        found.extend(OrderDifference(number, what, one, Decimal(other)) for number, one, other in rows)
    return found


def _units(limit: int) -> list[OrderDifference]:
    """A placed order's units have left the stock exactly once, or are waited for; a cancelled one's are back.

    So are an unfinished one's, and what will never be sent.
    """
    wanted = (
        sa.select(
            OrderItem.order_id,
            sa.func.sum(OrderItem.quantity - OrderItem.cancelled_quantity).label("units"),
        )
        .where(OrderItem.product_id.is_not(None))
        .group_by(OrderItem.order_id)
        .subquery()
    )
    was_bought = sa.and_(StockMovement.reason == "sale", StockMovement.note != REPLACEMENT)
    moved = (
        sa.select(
            StockMovement.order_id,
            sa.func.sum(-StockMovement.delta).label("away"),
            sa.func.sum(-StockMovement.delta).filter(was_bought).label("sold"),
        )
        .where(StockMovement.order_id.is_not(None))
        .group_by(StockMovement.order_id)
        .subquery()
    )
    awaited = sa.func.coalesce(
        sa.select(sa.func.sum(StockReservation.quantity))
        .where(StockReservation.order_id == Order.id, StockReservation.expires_at.is_(None))
        .scalar_subquery(),
        0,
    )
    never_sold = Order.status.in_(NOT_SOLD)
    stored = sa.case((never_sold, 0), else_=wanted.c.units)
    computed = sa.func.coalesce(sa.case((never_sold, moved.c.away), else_=moved.c.sold), 0) + awaited
    rows: Any = session().execute(
        sa.select(Order.order_number, stored, computed)
        .join(wanted, wanted.c.order_id == Order.id)
        .join(moved, moved.c.order_id == Order.id, isouter=True)
        .where(stored != computed, Order.external_id.is_(None))
        .limit(limit)
    )
    return [OrderDifference(number, "units sold", Decimal(one), Decimal(two)) for number, one, two in rows]
