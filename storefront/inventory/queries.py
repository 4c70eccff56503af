"""Reads of the stock and its ledger."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storefront.catalog.models import Product
from storefront.core.db import session
from storefront.inventory.models import StockMovement, StockReservation


def sellable() -> sa.ColumnElement[int]:
    """How many units could be sold now: the stock less what is held, and as many on back-order as the product allows.

    The listing counts in the same way.
    """
    return Product.stock_quantity - Product.reserved_quantity + Product.backorder_limit


def on_shelf() -> sa.ColumnElement[int]:
    """How many units lie on the shelf that nobody holds; below zero, as many are waited for."""
    return Product.stock_quantity - Product.reserved_quantity


def backordered(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """The units that a placed order waits for, by product."""
    waits = sa.and_(StockReservation.order_id == order_id, StockReservation.expires_at.is_(None))
    rows = session().execute(sa.select(StockReservation.product_id, StockReservation.quantity).where(waits))
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger."""

    delta: int
    reason: str
    note: str
    order_id: uuid.UUID | None
    user_id: uuid.UUID | None
    created_at: datetime


def movements_of(product_id: uuid.UUID, limit: int = 100) -> list[Movement]:
    """The product's latest movements, newest first."""
    ledger = StockMovement
    rows = session().execute(
        sa.select(
            ledger.delta, ledger.reason, ledger.note, ledger.order_id, ledger.user_id, ledger.created_at
        )
        .where(ledger.product_id == product_id)
        .order_by(ledger.created_at.desc(), ledger.id.desc())
        .limit(limit)
    )
    return [Movement(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class StockDifference:
    """A product whose ledger and row disagree. ``what`` is ``stock`` or ``reserved``."""

    sku: str
    what: str
    on_product: int
    in_ledger: int


def stock_differences(limit: int = 100) -> list[StockDifference]:
    """Products whose movements do not sum to the stock, or whose holds do not sum to what is reserved."""
    return [
        *_differences(
            "stock", Product.stock_quantity, _sums(StockMovement.product_id, StockMovement.delta), limit
        ),
        *_differences(
            "reserved",
            Product.reserved_quantity,
            _sums(StockReservation.product_id, StockReservation.quantity),
            limit,
        ),
    ]


def _sums(product_id: Any, amount: Any) -> sa.Subquery:
    return sa.select(product_id, sa.func.sum(amount).label("total")).group_by(product_id).subquery()


def _differences(what: str, column: Any, sums: sa.Subquery, limit: int) -> list[StockDifference]:
    in_ledger = sa.func.coalesce(sums.c.total, 0)
    rows = session().execute(
        sa.select(Product.sku, sa.literal(what), column, in_ledger)
        .join(sums, sums.c.product_id == Product.id, isouter=True)
        .where(column != in_ledger)
        .order_by(Product.sku)
        .limit(limit)
    )
    return [StockDifference(sku, text, on_product, int(total)) for sku, text, on_product, total in rows]
