"""Units that were sold before they were there: held for their order, without an end, until they arrive.

A back-order is a hold without an expiry. Every change by which units on the shelf become free fills the oldest ones
first, in the same transaction, with the products' rows locked.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session, write
from storefront.core.outbox import enqueue
from storefront.inventory.ledger import StockRow, change, record
from storefront.inventory.models import StockReservation

_WAITS = StockReservation.expires_at.is_(None)


def wait_for_stock(order_id: uuid.UUID, units: Mapping[uuid.UUID, int]) -> None:
    """Hold ``units`` for the order until they arrive. The caller has locked the products and counts them as held."""
    rows = [
        {
            "product_id": product_id,
            "order_id": order_id,
            "quantity": quantity,
            "expires_at": None,
            "created_at": now(),
        }
        for product_id, quantity in sorted(units.items())
    ]
    if rows:
        more = insert(StockReservation)
        session().execute(
            more.on_conflict_do_update(
                index_elements=[StockReservation.order_id, StockReservation.product_id],
                index_where=StockReservation.order_id.is_not(None),
                set_={"quantity": StockReservation.quantity + more.excluded.quantity},
            ),
            rows,
        )


def wait_less(order_id: uuid.UUID, units: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """Of what the order waits for, give up as much of ``units`` as there is; returns how many of each product."""
    of_order = sa.and_(
        StockReservation.order_id == order_id, StockReservation.product_id.in_(list(units)), _WAITS
    )
    rows = session().execute(
        sa.select(StockReservation.id, StockReservation.product_id, StockReservation.quantity).where(of_order)
    )
    given_up: dict[uuid.UUID, int] = {}
    for hold_id, product_id, quantity in rows.all():
        given_up[product_id] = min(quantity, units[product_id])
        _shorten(hold_id, quantity - given_up[product_id])
    return given_up


def fill_backorders(product_ids: Collection[uuid.UUID]) -> int:
    """Give what lies free on the shelf to whoever has waited longest; returns how many units. Their sale is booked now.

    The caller has locked the products.
    """
    if not product_ids:
        return 0
    hold = StockReservation
    waiting = session().execute(
        sa.select(hold.id, hold.product_id, hold.order_id, hold.quantity)
        .where(hold.product_id.in_(list(product_ids)), _WAITS)
        .order_by(hold.created_at, hold.id)
    )
    queue = waiting.all()
    if not queue:
        return 0
    ids = sorted({row.product_id for row in queue})
    lying = session().execute(
        sa.select(Product.id, Product.stock_quantity - Product.reserved_quantity).where(Product.id.in_(ids))
    )
    free: dict[uuid.UUID, int] = dict(lying.all())
    for row in queue:  # what they wait for is counted as held: it is theirs
        free[row.product_id] += row.quantity
    filled: dict[uuid.UUID, int] = {}
    for row in queue:
        count = min(row.quantity, max(0, free[row.product_id]))
        if not count:
            continue
        free[row.product_id] -= count
        filled[row.product_id] = filled.get(row.product_id, 0) + count
        _shorten(row.id, row.quantity - count)
        record({row.product_id: -count}, "sale", order_id=row.order_id, note="back-order filled")
    gone = {product_id: -count for product_id, count in filled.items()}
    change(gone, gone)
    return sum(filled.values())


def tell_of_low_stock(rows: Mapping[uuid.UUID, StockRow], taken: Mapping[uuid.UUID, int]) -> None:
    """Leave word of each product of which this sale leaves few on the shelf; once, by the sale that does it."""
    for product_id, count in sorted(taken.items()):
        row = rows[product_id]
        if row.stock > row.low_from >= row.stock - count:
            enqueue("mail.low_stock", product_id=str(product_id))


def _shorten(hold_id: uuid.UUID, quantity: int) -> None:
    one = StockReservation.id == hold_id
    write(
        sa.update(StockReservation).where(one).values(quantity=quantity)
        if quantity
        else sa.delete(StockReservation).where(one)
    )
