"""What a shopper gathers: one open cart per session or user, what is saved for later, the wish list."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import currency_check, one_of
from storefront.core.db import Base, Created, Identified, Timestamped

CART_STATUSES = ("open", "merged", "ordered")
MAXIMUM_QUANTITY = 99
MOST_WISHES = 100
MOST_SAVED = 100


class Cart(Identified, Timestamped, Base):
    """A guest's cart belongs to a session, a signed-in shopper's to the user: exactly one of the two.

    ``coupon`` is the code that was entered; ``gift_card_id`` the card that is to pay, never its code. ``restored_from``
    is the user's cart that a guest's copy was made of: where they meet at sign-in, units are not counted twice.
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
        sa.Index(
            "ix_carts_restored_from",
            "restored_from",
            postgresql_where=sa.text("restored_from IS NOT NULL"),
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
    restored_from: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("carts.id", ondelete="SET NULL"))


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


class SavedLine(Identified, Created, Base):
    """A line that was taken out of the cart to be bought later. Owned as a cart is, one row per product."""

    __tablename__ = "saved_for_later"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, session_id) = 1", name="one_owner"),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity_in_range"),
        sa.Index("uq_saved_for_later_user_id_product_id", "user_id", "product_id", unique=True),
        sa.Index("uq_saved_for_later_session_id_product_id", "session_id", "product_id", unique=True),
        sa.Index("ix_saved_for_later_product_id", "product_id"),
    )

    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user_sessions.id", ondelete="CASCADE")
    )
    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
    quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    unit_price: Mapped[Decimal | None]


class WishList(Identified, Timestamped, Base):
    """A person's wish list; a guest's belongs to the session. ``share_token`` opens it to whoever has the link.

    The token is kept as it is, unlike other secrets: its owner must be able to copy the link again, and whoever reads
    this table reads the list itself.
    """

    __tablename__ = "wish_lists"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, session_id) = 1", name="one_owner"),
        sa.CheckConstraint("share_token IS NULL OR user_id IS NOT NULL", name="shared_by_a_user"),
        sa.Index("uq_wish_lists_user_id", "user_id", unique=True),
        sa.Index("uq_wish_lists_session_id", "session_id", unique=True),
        sa.Index("uq_wish_lists_share_token", "share_token", unique=True),
    )

    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user_sessions.id", ondelete="CASCADE")
    )
    share_token: Mapped[str | None]


class Wish(Identified, Created, Base):
    """A product on a wish list: a single one, a variant, or a product whose variant is still to be chosen."""

    __tablename__ = "wish_list_items"
    __table_args__ = (
        sa.UniqueConstraint("wish_list_id", "product_id"),
        sa.Index("ix_wish_list_items_product_id", "product_id"),
    )

    wish_list_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("wish_lists.id", ondelete="CASCADE"))
    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
