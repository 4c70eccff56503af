"""Holds on stock and the ledger of every unit that came or went."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import one_of
from storefront.core.db import Base, Created, Identified

MOVEMENT_REASONS = ("sale", "return", "adjustment", "import")
REPLACEMENT = "replacement"
"""The note of a sale that went out for an exchange: the order had bought something else."""


class StockReservation(Identified, Created, Base):
    """Units held for a cart, an order or an exchange until ``expires_at``; they sum to the reserved_quantity.

    Without an end they were sold on back-order: the order was placed, and waits for them.
    """

    __tablename__ = "stock_reservations"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("num_nonnulls(cart_id, order_id, return_id) = 1", name="one_holder"),
        sa.Index(
            "uq_stock_reservations_order",
            "order_id",
            "product_id",
            unique=True,
            postgresql_where=sa.text("order_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_stock_reservations_cart",
            "cart_id",
            "product_id",
            unique=True,
            postgresql_where=sa.text("cart_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_stock_reservations_return",
            "return_id",
            "product_id",
            unique=True,
            postgresql_where=sa.text("return_id IS NOT NULL"),
        ),
        sa.Index("ix_stock_reservations_product_id", "product_id"),
        sa.Index("ix_stock_reservations_expires_at", "expires_at"),
        sa.Index(
            "ix_stock_reservations_waiting",
            "product_id",
            "created_at",
            postgresql_where=sa.text("expires_at IS NULL"),
        ),
    )

    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id"))
    cart_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("carts.id"))
    order_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("orders.id"))
    return_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("returns.id"))
    quantity: Mapped[int]
    expires_at: Mapped[datetime | None]


class StockMovement(Identified, Created, Base):
    """A line of the stock ledger. Append only; the deltas of a product sum to its stock_quantity."""

    __tablename__ = "stock_movements"
    __table_args__ = (
        sa.CheckConstraint("delta <> 0", name="delta_not_zero"),
        one_of("reason", MOVEMENT_REASONS),
        sa.Index("ix_stock_movements_product_id_created_at", "product_id", "created_at"),
        sa.Index("ix_stock_movements_order_id", "order_id"),
    )

    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id"))
    delta: Mapped[int]
    reason: Mapped[str]
    order_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("orders.id"))
    # No foreign key: the ledger is append only, and erasing a person must not need to touch it.
    user_id: Mapped[uuid.UUID | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
