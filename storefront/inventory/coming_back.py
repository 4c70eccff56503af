"""Units of an order that come back, or never leave: what was sold is not sold any more, with its ledger rows.

The products' rows are locked in their order; what lies free on the shelf afterwards fills the oldest back-orders.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import sqlalchemy as sa

from storefront.core.db import session, transaction
from storefront.inventory.backorders import fill_backorders, wait_less
from storefront.inventory.ledger import change, lock_products, record
from storefront.inventory.models import StockMovement
from storefront.inventory.queries import backordered


def cancel_sale(
    order_id: uuid.UUID,
    lines: Mapping[uuid.UUID, int],
    *,
    unfit: Mapping[uuid.UUID, int] | None = None,
    user_id: uuid.UUID | None = None,
    note: str = "",
) -> None:
    """Units of an order will not be sent: those it waits for are waited for no more, the others go back on the shelf.

    There they fill the oldest back-orders of others. The ledger has them as sales taken back, and never more of them
    than the order has away. ``unfit`` are those of them that nobody can buy: they were not sold, and are lost.
    """
    with transaction():
        known = lock_products(lines)
        wanted = {product_id: quantity for product_id, quantity in lines.items() if product_id in known}
        given_up = wait_less(order_id, wanted)
        away = _away(order_id, {})
        deltas = {
            key: min(quantity - given_up.get(key, 0), max(0, away.get(key, 0)))
            for key, quantity in wanted.items()
        }
        lost = {key: min((unfit or {}).get(key, 0), quantity) for key, quantity in deltas.items()}
        change(
            {key: quantity - lost[key] for key, quantity in deltas.items()},
            {key: -quantity for key, quantity in given_up.items()},
        )
        record(deltas, "sale", order_id=order_id, user_id=user_id, note=note)
        # Without the order's id: it has nothing away by them.
        record({key: -quantity for key, quantity in lost.items()}, "adjustment", user_id=user_id, note=note)
        fill_backorders(wanted)


def give_back(
    order_id: uuid.UUID,
    lines: Mapping[uuid.UUID, int],
    *,
    sold_elsewhere: Mapping[uuid.UUID, int] | None = None,
    to_send: Mapping[uuid.UUID, int] | None = None,
    user_id: uuid.UUID | None = None,
    note: str = "",
) -> dict[uuid.UUID, int]:
    """Put units of an order back on the shelf, with ledger rows; returns the units by product.

    Never more than the order has away by the ledger: what was never taken, or is back, does not come back. Nor does
    what is sold and still ``to_send``: it never left.
    ``sold_elsewhere`` are units that another shop had sold before our ledger began, and that arrive here now.
    Back-orders are filled first.
    """
    with transaction():
        known = lock_products(lines)
        away = _away(order_id, sold_elsewhere or {})
        waits = backordered(order_id) if to_send else {}
        for key, units in (to_send or {}).items():
            away[key] = away.get(key, 0) - (units - waits.get(key, 0))
        deltas = {
            product_id: min(quantity, away.get(product_id, 0))
            for product_id, quantity in lines.items()
            if product_id in known and away.get(product_id, 0) > 0
        }
        change(deltas, {})
        record(deltas, "return", order_id=order_id, user_id=user_id, note=note)
        fill_backorders(deltas)
    return deltas


def _away(order_id: uuid.UUID, sold_elsewhere: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    ledger = StockMovement
    rows = session().execute(
        sa.select(ledger.product_id, -sa.func.sum(ledger.delta))
        .where(ledger.order_id == order_id)
        .group_by(ledger.product_id)
    )
    away = dict(sold_elsewhere)
    for product_id, units in rows:
        away[product_id] = away.get(product_id, 0) + int(units)
    return away
