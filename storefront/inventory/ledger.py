"""A product's stock row: locked in one order, changed together with the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.catalog.models import Product
from storefront.core.statements import execute, insert, rows
from storefront.inventory.models import StockMovement
from storefront.inventory.queries import on_shelf, sellable


@dataclass(frozen=True, slots=True)
class StockRow:
    """A locked product row's stock. ``available`` is what could be sold now, on back-order included.

    ``free`` are the units on the shelf that nobody holds or waits for; below zero somebody waits. From
    ``low_from`` units on the shelf on, staff are told.
    """

    product_id: uuid.UUID
    name: str
    stock: int
    available: int
    free: int
    low_from: int


def lock_products(product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, StockRow]:
    """Lock these products' rows in primary key order until the transaction ends, and read their stock.

    The parents of variants are locked with them: a parent is listed as available while any variant is, and
    two buyers who take the last of two variants must not each believe that the other one is left.
    """
    wanted = set(product_ids)
    found = rows(_lock_statement(), {"ids": list(wanted)})
    return {row[0]: StockRow(*row) for row in found if row[0] in wanted}


@cache
def _lock_statement() -> sa.Select[Any]:
    ids = sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
    family = sa.union(
        sa.select(sa.func.unnest(ids)),
        sa.select(Product.parent_id).where(Product.id == sa.any_(ids), Product.parent_id.is_not(None)),
    )
    columns: tuple[Any, ...] = (
        Product.id,
        Product.name,
        Product.stock_quantity,
        sellable(),
        on_shelf(),
        Product.low_stock_threshold,
    )
    return (
        sa.select(*columns).where(Product.id.in_(family)).order_by(Product.id).with_for_update(key_share=True)
    )


def change(stock: Mapping[uuid.UUID, int], reserved: Mapping[uuid.UUID, int]) -> None:
    """Add to the stock and to what is held, in one statement over rows that are locked already."""
    ids = sorted({*stock, *reserved})
    if not ids:
        return
    execute(
        _change_statement(),
        {
            "ids": ids,
            "stock": [stock.get(one, 0) for one in ids],
            "reserved": [reserved.get(one, 0) for one in ids],
        },
    )


@cache
def _change_statement() -> sa.Update:
    deltas = (
        sa.func.unnest(
            sa.bindparam("ids", type_=ARRAY(sa.Uuid())),
            sa.bindparam("stock", type_=ARRAY(sa.Integer())),
            sa.bindparam("reserved", type_=ARRAY(sa.Integer())),
        )
        .table_valued("product_id", "stock", "reserved")
        .render_derived(name="deltas")
    )
    return (
        sa.update(Product)
        .where(Product.id == deltas.c.product_id)
        .values(
            stock_quantity=Product.stock_quantity + sa.cast(deltas.c.stock, sa.Integer()),
            reserved_quantity=Product.reserved_quantity + sa.cast(deltas.c.reserved, sa.Integer()),
        )
    )


def record(deltas: Mapping[uuid.UUID, int], reason: str, **context: Any) -> None:
    """Write ledger rows for changes of the stock."""
    movements = [
        {"product_id": product_id, "delta": delta, "reason": reason, **context}
        for product_id, delta in sorted(deltas.items())
        if delta
    ]
    if movements:
        insert(StockMovement, *movements)
