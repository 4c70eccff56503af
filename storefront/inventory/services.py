"""Stock comes and goes: every change leaves a ledger row in the same transaction.

A hold (``stock_reservations``) keeps units for an order until it is placed or its time is up. Product rows
are locked in the order of their primary key, always, so that overlapping baskets wait for each other and
never deadlock. ``FOR NO KEY UPDATE`` is enough, and lets carts go on referring to the product meanwhile.
The checks in the database (``stock_not_negative``, ``reserved_within_stock``) are the last word.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.cache_changes import forget_after_commit
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import InvalidInput, NotFound
from storefront.inventory.backorders import (
    fill_backorders,
    tell_of_low_stock,
    wait_for_stock,
)
from storefront.inventory.coming_back import cancel_sale, give_back
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.ledger import StockRow, change, lock_products, record
from storefront.inventory.models import MOVEMENT_REASONS, REPLACEMENT, StockReservation

__all__ = [
    "adjust_stock",
    "cancel_sale",
    "count_stock",
    "fill_backorders",
    "give_back",
    "held_for",
    "hold",
    "lock_products",
    "release_expired",
    "release_holds",
    "release_order",
    "release_return",
    "set_stock",
    "take",
    "take_held",
]
_BATCH = 500


def adjust_stock(
    product_id: uuid.UUID,
    delta: int,
    reason: str = "adjustment",
    *,
    user_id: uuid.UUID | None = None,
    order_id: uuid.UUID | None = None,
    note: str = "",
) -> int:
    """Add ``delta`` units (negative: take away) and write the ledger row; returns the new stock.

    What arrives goes to the oldest back-orders first.

    Raises :class:`NotFound` for an unknown product, :class:`InsufficientStock` when units that are held or
    not there would be taken away, :class:`InvalidInput` for an unknown reason. Nothing happens for 0.
    """
    if reason not in MOVEMENT_REASONS:
        raise InvalidInput("reason", f"{reason} is no reason for a stock movement")
    with transaction():
        row = lock_products([product_id]).get(product_id)
        if row is None:
            raise NotFound("product", str(product_id))
        if delta == 0:
            return row.stock
        if delta < 0 and row.free < -delta:
            raise InsufficientStock(product_id, row.name, -delta, max(0, row.free))
        change({product_id: delta}, {})
        record({product_id: delta}, reason, order_id=order_id, user_id=user_id, note=note)
        return row.stock + delta - (fill_backorders([product_id]) if delta > 0 else 0)


def set_stock(
    product_id: uuid.UUID, quantity: int, *, user_id: uuid.UUID | None = None, note: str = ""
) -> int:
    """Count the shelf: make the stock ``quantity``, with the difference in the ledger; returns the difference."""
    with transaction():
        row = lock_products([product_id]).get(product_id)
        if row is None:
            raise NotFound("product", str(product_id))
        adjust_stock(product_id, quantity - row.stock, "adjustment", user_id=user_id, note=note)
        return quantity - row.stock


def count_stock(actor_id: uuid.UUID, product_id: uuid.UUID, quantity: int, note: str = "") -> int:
    """Staff have counted the shelf: :func:`set_stock` with permission and an audit row; returns the difference.

    Raises NotAllowed, NotFound, :class:`InsufficientStock` where more units are held than were counted.
    """
    with transaction():
        require_permission(actor_id, "stock", "write")
        forget_after_commit()
        difference = set_stock(product_id, quantity, user_id=actor_id, note=note)
        if difference:
            before = quantity - difference
            changes = {"stock_quantity": {"before": before, "after": quantity}}
            record_audit(actor_id, "count", "product", product_id, changes)
        return difference


def hold(
    lines: Mapping[uuid.UUID, int],
    *,
    expires_at: datetime,
    order_id: uuid.UUID | None = None,
    return_id: uuid.UUID | None = None,
    locked: Mapping[uuid.UUID, StockRow] | None = None,
) -> None:
    """Keep ``lines`` (product to units) for the order, or for an exchange's replacements, until ``expires_at``.

    An order may have units on back-order, an exchange only what lies on the shelf.

    ``locked`` are the rows of a caller that has locked them and changed nothing since. Raises
    :class:`InsufficientStock` for the first product, in primary key order, that has too few units,
    :class:`NotFound` for a product that is gone.
    """
    with transaction():
        rows = lock_products(lines) if locked is None else locked
        for product_id in sorted(lines):
            row = rows.get(product_id)
            if row is None:
                raise NotFound("product", str(product_id))
            most = row.available if return_id is None else max(0, row.free)
            if most < lines[product_id]:
                raise InsufficientStock(product_id, row.name, lines[product_id], most)
        if not lines:
            return
        change({}, lines)
        session().execute(
            sa.insert(StockReservation),
            [
                {
                    "product_id": product_id,
                    "order_id": order_id,
                    "return_id": return_id,
                    "quantity": quantity,
                    "expires_at": expires_at,
                }
                for product_id, quantity in sorted(lines.items())
            ],
        )


def take(
    order_id: uuid.UUID,
    lines: Mapping[uuid.UUID, int],
    *,
    locked: Mapping[uuid.UUID, StockRow] | None = None,
) -> None:
    """Take the units of a placed order off the stock and end its hold.

    What is not on the shelf, and is sold on back-order, stays held for the order until it arrives. Units whose hold has
    expired meanwhile are taken if they can still be sold; otherwise this raises :class:`InsufficientStock` and nothing
    is taken. Word is left for staff of each product of which few are left by it.

    ``locked`` are the rows of a caller that has locked them, changed nothing since, and holds nothing for the order.
    """
    _take(StockReservation.order_id == order_id, lines, order_id, locked=locked)


def take_held(return_id: uuid.UUID, lines: Mapping[uuid.UUID, int], *, order_id: uuid.UUID) -> None:
    """Take the replacements of an exchange off the stock, for its order, and end their hold. Raises as :func:`take`."""
    _take(StockReservation.return_id == return_id, lines, order_id, REPLACEMENT)


def _take(
    of_holder: sa.ColumnElement[bool],
    lines: Mapping[uuid.UUID, int],
    order_id: uuid.UUID,
    note: str = "",
    locked: Mapping[uuid.UUID, StockRow] | None = None,
) -> None:
    with transaction():
        rows = lock_products(lines) if locked is None else locked
        # What it waits for already, on back-order, goes on waiting.
        for_a_while = sa.and_(of_holder, StockReservation.expires_at.is_not(None))
        held = _end_holds(for_a_while, lines) if locked is None else {}
        taken: dict[uuid.UUID, int] = {}
        for product_id in sorted(lines):
            row = rows.get(product_id)
            if row is None:
                raise NotFound("product", str(product_id))
            own = held.get(product_id, 0)
            # A replacement leaves at once: nobody waits for it.
            most = max(0, row.free + own) if note == REPLACEMENT else row.available + own
            if most < lines[product_id]:
                raise InsufficientStock(product_id, row.name, lines[product_id], most)
            taken[product_id] = min(lines[product_id], row.stock, max(0, row.free + own))
        waiting = {key: wanted - taken[key] for key, wanted in lines.items() if wanted > taken[key]}
        change(
            {product_id: -quantity for product_id, quantity in taken.items()},
            {key: waiting.get(key, 0) - held.get(key, 0) for key in {*waiting, *held}},
        )
        sold = {product_id: -quantity for product_id, quantity in taken.items()}
        record(sold, "sale", order_id=order_id, note=note)
        wait_for_stock(order_id, waiting)
        # What this order held on the shelf until now may be somebody's who came before.
        fill_backorders(waiting)
        tell_of_low_stock(rows, taken)


def release_order(order_id: uuid.UUID) -> None:
    """End the order's holds without selling; nothing happens when there are none."""
    _release(StockReservation.order_id == order_id)


def release_return(return_id: uuid.UUID) -> None:
    """End the holds of an exchange that does not come about."""
    _release(StockReservation.return_id == return_id)


def _release(of_holder: sa.ColumnElement[bool]) -> None:
    with transaction():
        held = _held_products(of_holder)
        lock_products(held)
        ended = _end_holds(of_holder, held)
        change({}, {product_id: -quantity for product_id, quantity in ended.items()})
        fill_backorders(ended)


def release_holds(order_id: uuid.UUID) -> None:
    """End the holds that an order has for a while, not what it waits for; nothing happens when there are none."""
    _release(sa.and_(StockReservation.order_id == order_id, StockReservation.expires_at.is_not(None)))


def release_expired() -> int:
    """End all holds whose time is up; returns how many units came back. Run by a job."""
    released = 0
    while True:
        with transaction():
            expired = StockReservation.expires_at <= now()
            held = _held_products(expired)
            lock_products(held)
            ended = _end_holds(expired, held)
            change({}, {product_id: -quantity for product_id, quantity in ended.items()})
            fill_backorders(ended)
        released += sum(ended.values())
        if len(held) < _BATCH:
            return released


def held_for(order_id: uuid.UUID, *, at: datetime | None = None) -> dict[uuid.UUID, int]:
    """The units that are held for an order; with ``at``, those whose hold is not over by then."""
    query = sa.select(StockReservation.product_id, StockReservation.quantity)
    query = query.where(StockReservation.order_id == order_id)
    if at is not None:
        query = query.where(StockReservation.expires_at > at)
    rows = session().execute(query)
    return dict(rows.all())


def _held_products(condition: sa.ColumnElement[bool]) -> list[uuid.UUID]:
    query = sa.select(StockReservation.product_id).where(condition).distinct().limit(_BATCH)
    return list(session().scalars(query.order_by(StockReservation.product_id)))


def _end_holds(condition: sa.ColumnElement[bool], product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Delete holds on products that the caller has locked; the units that were held, by product."""
    rows = session().execute(
        sa.delete(StockReservation)
        .where(condition, StockReservation.product_id.in_(list(product_ids)))
        .returning(StockReservation.product_id, StockReservation.quantity)
        .execution_options(synchronize_session=False)
    )
    ended: dict[uuid.UUID, int] = {}
    for product_id, quantity in rows:
        ended[product_id] = ended.get(product_id, 0) + quantity
    return ended
