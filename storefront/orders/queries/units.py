"""Units of an order's lines in SQL, as ``units_to_send`` counts them of one line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from storefront.orders.models import Order, OrderItem

UNITS_LEFT: sa.ColumnElement[int] = OrderItem.quantity - sa.func.greatest(
    OrderItem.shipped_quantity + OrderItem.cancelled_quantity, OrderItem.refunded_quantity
)
"""Units of a line that are still to be sent."""


def units_of_order(units: Any) -> sa.ScalarSelect[int]:
    """``units`` of all lines together, for a statement over orders."""
    summed = sa.select(sa.func.coalesce(sa.func.sum(units), 0))
    return summed.where(OrderItem.order_id == Order.id).correlate(Order).scalar_subquery()


def has_units_to_send() -> sa.ColumnElement[bool]:
    """Whether anything of an order is still to be sent, for a statement over orders."""
    return sa.exists().where(OrderItem.order_id == Order.id, UNITS_LEFT > 0).correlate(Order)
