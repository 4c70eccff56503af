"""The basket: one open cart per session or user, one line per product."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import currency_check, one_of
from storefront.core.db import Base, Identified, Timestamped

CART_STATUSES = ("open", "merged", "ordered")
MAXIMUM_QUANTITY = 99


class Cart(Identified, Timestamped, Base):
    """A guest's cart belongs to a session, a signed-in shopper's to the user: exactly one of the two.

    ``coupon`` is the code that was entered; ``gift_card_id`` the card that is to pay, never its code.
    """

    __tablename__ = "carts"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, session_id) = 1", name="one_owner"),
        one_of("status", CART_STATUSES),
        currency_check(),
        sa.Index(
            "uq_carts_open_of_user", "user_id", unique=True, postgresql_where=sa.text("status = 'open'")
        ),
        sa.Index(
            "uq_carts_open_of_session",
            "session_id",
            unique=True,
            postgresql_where=sa.text("status = 'open'"),
        ),
        sa.Index("ix_carts_user_id", "user_id"),
        sa.Index("ix_carts_session_id", "session_id"),
        sa.Index("ix_carts_updated_at", "updated_at"),
        sa.Index(
            "ix_carts_gift_card_id",
            "gift_card_id",
            postgresql_where=sa.text("gift_card_id IS NOT NULL"),
        ),
    )

    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user_sessions.id", ondelete="CASCADE")
    )
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    coupon: Mapped[str | None]
    gift_card_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("gift_cards.id", ondelete="SET NULL")
    )


class CartItem(Identified, Timestamped, Base):
    """A line of a cart. ``unit_price`` is what the shopper last saw, to tell them when it changed."""

    __tablename__ = "cart_items"
    __table_args__ = (
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity_in_range"),
        sa.UniqueConstraint("cart_id", "product_id"),
        sa.Index("ix_cart_items_product_id", "product_id"),
    )

    cart_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("carts.id", ondelete="CASCADE"))
    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id"))
    quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    unit_price: Mapped[Decimal | None]
