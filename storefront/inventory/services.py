"""Stock comes and goes: every change leaves a ledger row in the same transaction.

A hold (``stock_reservations``) keeps units for an order until it is placed or its time is up. Product rows
are locked in the order of their primary key, always, so that overlapping baskets wait for each other and
never deadlock. ``FOR NO KEY UPDATE`` is enough, and lets carts go on referring to the product meanwhile.
The checks in the database (``stock_not_negative``, ``reserved_within_stock``) are the last word.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.catalog.models import Product
from storefront.core.cache_changes import forget_after_commit
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import InvalidInput, NotFound
from storefront.core.ids import new_id
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.models import MOVEMENT_REASONS, REPLACEMENT, StockMovement, StockReservation
from storefront.inventory.queries import sellable

_BATCH = 500


@dataclass(frozen=True, slots=True)
class StockRow:
    """A locked product row's stock. ``available`` is what could be sold now."""

    product_id: uuid.UUID
    name: str
    stock: int
    available: int


def lock_products(product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, StockRow]:
    """Lock these products' rows in primary key order until the transaction ends, and read their stock.

    The parents of variants are locked with them: a parent is listed as available while any variant is, and
    two buyers who take the last of two variants must not each believe that the other one is left.
    """
    wanted = set(product_ids)
    rows = session().execute(_lock_statement(), {"ids": list(wanted)})
    return {row[0]: StockRow(*row) for row in rows if row[0] in wanted}


@cache
def _lock_statement() -> sa.Select[Any]:
    ids = sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
    family = sa.union(
        sa.select(sa.func.unnest(ids)),
        sa.select(Product.parent_id).where(Product.id == sa.any_(ids), Product.parent_id.is_not(None)),
    )
    columns: tuple[Any, ...] = (Product.id, Product.name, Product.stock_quantity, sellable())
    return (
        sa.select(*columns).where(Product.id.in_(family)).order_by(Product.id).with_for_update(key_share=True)
    )


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
        if row.available < -delta:
            raise InsufficientStock(product_id, row.name, -delta, row.available)
        _change({product_id: delta}, {})
        _record({product_id: delta}, reason, order_id=order_id, user_id=user_id, note=note)
        return row.stock + delta


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
            if row.available < lines[product_id]:
                raise InsufficientStock(product_id, row.name, lines[product_id], row.available)
        if not lines:
            return
        _change({}, lines)
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


def take(order_id: uuid.UUID, lines: Mapping[uuid.UUID, int]) -> None:
    """Take the units of a placed order off the stock and end its hold.

    Units whose hold has expired meanwhile are taken if they are still there; otherwise this raises
    :class:`InsufficientStock` and nothing is taken.
    """
    _take(StockReservation.order_id == order_id, lines, order_id)


def take_held(return_id: uuid.UUID, lines: Mapping[uuid.UUID, int], *, order_id: uuid.UUID) -> None:
    """Take the replacements of an exchange off the stock, for its order, and end their hold. Raises as :func:`take`."""
    _take(StockReservation.return_id == return_id, lines, order_id, REPLACEMENT)


def _take(
    of_holder: sa.ColumnElement[bool], lines: Mapping[uuid.UUID, int], order_id: uuid.UUID, note: str = ""
) -> None:
    with transaction():
        rows = lock_products(lines)
        held = _end_holds(of_holder, lines)
        for product_id in sorted(lines):
            row = rows.get(product_id)
            if row is None:
                raise NotFound("product", str(product_id))
            available = row.available + held.get(product_id, 0)
            if available < lines[product_id]:
                raise InsufficientStock(product_id, row.name, lines[product_id], available)
        deltas = {product_id: -quantity for product_id, quantity in lines.items()}
        _change(deltas, {product_id: -quantity for product_id, quantity in held.items()})
        _record(deltas, "sale", order_id=order_id, note=note)


def give_back(
    order_id: uuid.UUID,
    lines: Mapping[uuid.UUID, int],
    *,
    sold_elsewhere: Mapping[uuid.UUID, int] | None = None,
    user_id: uuid.UUID | None = None,
    note: str = "",
) -> dict[uuid.UUID, int]:
    """Put units of an order back on the shelf, with ledger rows; returns the units by product.

    Never more than the order has away by the ledger: what was never taken, or is back, does not come back.
    ``sold_elsewhere`` are units that another shop had sold before our ledger began, and that arrive here now.
    """
    with transaction():
        known = lock_products(lines)
        away = _away(order_id, sold_elsewhere or {})
        deltas = {
            product_id: min(quantity, away.get(product_id, 0))
            for product_id, quantity in lines.items()
            if product_id in known and away.get(product_id, 0) > 0
        }
        _change(deltas, {})
        _record(deltas, "return", order_id=order_id, user_id=user_id, note=note)
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
        _change({}, {product_id: -quantity for product_id, quantity in ended.items()})


def release_expired() -> int:
    """End all holds whose time is up; returns how many units came back. Run by a job."""
    released = 0
    while True:
        with transaction():
            expired = StockReservation.expires_at <= now()
            held = _held_products(expired)
            lock_products(held)
            ended = _end_holds(expired, held)
            _change({}, {product_id: -quantity for product_id, quantity in ended.items()})
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


def _change(stock: Mapping[uuid.UUID, int], reserved: Mapping[uuid.UUID, int]) -> None:
    """Add to the stock and to what is held, in one statement over rows that are locked already."""
    ids = sorted({*stock, *reserved})
    if not ids:
        return
    deltas = (
        sa.func.unnest(
            sa.cast(ids, ARRAY(sa.Uuid())),
            sa.cast([stock.get(one, 0) for one in ids], ARRAY(sa.Integer())),
            sa.cast([reserved.get(one, 0) for one in ids], ARRAY(sa.Integer())),
        )
        .table_valued("product_id", "stock", "reserved")
        .render_derived(name="deltas")
    )
    session().execute(
        sa.update(Product)
        .where(Product.id == deltas.c.product_id)
        .values(
            stock_quantity=Product.stock_quantity + sa.cast(deltas.c.stock, sa.Integer()),
            reserved_quantity=Product.reserved_quantity + sa.cast(deltas.c.reserved, sa.Integer()),
        )
        .execution_options(synchronize_session=False)
    )


def _record(deltas: Mapping[uuid.UUID, int], reason: str, **context: Any) -> None:
    rows = [
        {"id": new_id(), "product_id": product_id, "delta": delta, "reason": reason, **context}
        for product_id, delta in sorted(deltas.items())
        if delta
    ]
    if rows:
        session().execute(sa.insert(StockMovement), rows)
