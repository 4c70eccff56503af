"""Goods coming back, for money or for other goods.

``RETURN_TRANSITIONS`` is the state machine; a trigger enforces the same edges (a test compares the two).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_OBJECT, one_of
from storefront.core.db import Base, Created, Identified, Timestamped

RETURN_KINDS = ("return", "exchange")
RETURN_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "requested": ("approved", "rejected", "cancelled"),
    "approved": ("received", "cancelled"),
    "received": ("completed",),
    "completed": (),
    "rejected": (),
    "cancelled": (),
}
CLOSED = tuple(status for status, following in RETURN_TRANSITIONS.items() if not following)


class Return(Identified, Timestamped, Base):
    """Goods coming back, for money or for other goods. A rejected or cancelled one frees its quantities.

    ``payment_method`` settles it: ``original`` or ``gift_card`` for money that goes back, the code of a way to pay for
    a dearer replacement. ``price_difference`` is what the replacements cost more (or, below zero, less), tax included;
    ``payment_id`` is what pays it. ``refusal`` is what the shopper was told.
    """

    __tablename__ = "returns"
    __table_args__ = (
        one_of("kind", RETURN_KINDS),
        one_of("status", tuple(RETURN_TRANSITIONS)),
        sa.CheckConstraint(
            "(status IN ('completed', 'rejected', 'cancelled')) = (closed_at IS NOT NULL)",
            name="closed_has_a_time",
        ),
        sa.Index("ix_returns_order_id", "order_id"),
        sa.Index("ix_returns_status", "status"),
        sa.Index("ix_returns_created_at", sa.text("created_at DESC")),
        sa.Index("ix_returns_payment_id", "payment_id"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="return", server_default="return")
    status: Mapped[str] = mapped_column(default="requested", server_default="requested")
    reason: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
    refusal: Mapped[str] = mapped_column(default="", server_default="")
    price_difference: Mapped[Decimal] = mapped_column(server_default="0")
    payment_method: Mapped[str | None]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("payments.id"))
    carrier: Mapped[str] = mapped_column(default="", server_default="")
    tracking_number: Mapped[str] = mapped_column(default="", server_default="")
    shipped_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class ReturnItem(Identified, Created, Base):
    """A returned line; a trigger adds its quantity to the order line's returned_quantity, which is limited.

    A replacement is kept as it was offered, with its unit price. ``price_difference`` is of all units, tax included.
    """

    __tablename__ = "return_items"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.UniqueConstraint("return_id", "order_item_id"),
        sa.Index("ix_return_items_order_item_id", "order_item_id"),
        sa.Index("ix_return_items_replacement_product_id", "replacement_product_id"),
    )

    return_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("returns.id", ondelete="CASCADE"))
    order_item_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("order_items.id", ondelete="CASCADE"))
    quantity: Mapped[int]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    note: Mapped[str] = mapped_column(default="", server_default="")
    restocked: Mapped[bool | None]
    replacement_product_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("products.id", ondelete="SET NULL")
    )
    replacement_name: Mapped[str] = mapped_column(default="", server_default="")
    replacement_sku: Mapped[str] = mapped_column(default="", server_default="")
    replacement_options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    replacement_price: Mapped[Decimal | None]
    price_difference: Mapped[Decimal] = mapped_column(server_default="0")
