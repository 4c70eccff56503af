"""How well products sell: what the recommended order of every list rests upon."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.orders.models import Order, OrderItem

NOT_SOLD = ("draft", "pending", "cancelled")
"""Orders that are none yet, or none any more."""

MONTH = timedelta(days=30)
WEIGHTS = (3, 2, 1)
"""What a unit of the last thirty days counts, of those before, and of those before them.

Steps and no curve: a product whose sales stay as they are keeps its figure, and its row need not be written nightly.
"""


def monthly_sales(product_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, float]:
    """Units a month of each of these products that has sold in ninety days, recent months weighing more. One statement.

    Variants count for their parent, returned units for nobody.
    """
    moment = now()
    weight = sa.case(
        *((Order.placed_at >= moment - MONTH * (age + 1), weight) for age, weight in enumerate(WEIGHTS)),
        else_=0,
    )
    family = sa.func.coalesce(Product.parent_id, Product.id)
    units = sa.func.sum((OrderItem.quantity - OrderItem.returned_quantity) * weight)
    rows = session().execute(
        sa.select(family, units)
        .select_from(OrderItem)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Product, Product.id == OrderItem.product_id)
        .where(
            sa.or_(Product.id.in_(product_ids), Product.parent_id.in_(product_ids)),
            Order.placed_at >= moment - MONTH * len(WEIGHTS),
            Order.status.not_in(NOT_SOLD),
        )
        .group_by(family)
    )
    return {product_id: round(int(sold) / sum(WEIGHTS), 3) for product_id, sold in rows}
