"""Letters that people asked for: when something is in stock again, and about a cart they left."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import one_of
from storefront.core.db import Base, Created, Identified

ALERT_STATUSES = ("unconfirmed", "waiting", "sent", "cancelled")


class StockAlert(Identified, Created, Base):
    """Somebody wants one letter when a product is in stock again: a user, or an address that has confirmed it.

    ``unconfirmed`` is an address whose owner has not said yes; ``sent`` is done for good.
    """

    __tablename__ = "stock_alerts"
    __table_args__ = (
        one_of("status", ALERT_STATUSES),
        sa.CheckConstraint("num_nonnulls(user_id, email) = 1", name="one_recipient"),
        sa.CheckConstraint("status <> 'unconfirmed' OR email IS NOT NULL", name="users_need_no_confirmation"),
        sa.CheckConstraint("(status = 'sent') = (notified_at IS NOT NULL)", name="sent_has_a_time"),
        sa.Index(
            "uq_stock_alerts_open_of_user",
            "product_id",
            "user_id",
            unique=True,
            postgresql_where=sa.text("status = 'waiting'"),
        ),
        sa.Index(
            "uq_stock_alerts_open_of_email",
            "product_id",
            "email",
            unique=True,
            postgresql_where=sa.text("status IN ('unconfirmed', 'waiting')"),
        ),
        sa.Index(
            "ix_stock_alerts_waiting",
            "product_id",
            "created_at",
            postgresql_where=sa.text("status = 'waiting'"),
        ),
        sa.Index("ix_stock_alerts_notified", "product_id", "notified_at"),
        sa.Index("ix_stock_alerts_user_id", "user_id"),
        sa.Index("ix_stock_alerts_email_created_at", "email", "created_at"),
        sa.Index("ix_stock_alerts_created_at", "created_at"),
    )

    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    email: Mapped[str | None] = mapped_column(CITEXT)
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    status: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]


class CartReminder(Base):
    """A cart that its owner was, or is about to be, reminded of: once, as the key says."""

    __tablename__ = "cart_reminders"

    cart_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("carts.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    sent_at: Mapped[datetime | None]
