"""Reductions and gift cards. Their limits hold in the database, under any number of buyers at once."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_OBJECT, currency_check, one_of
from storefront.core.db import Base, Created, Identified, Timestamped

PROMOTION_KINDS = ("percent", "amount", "free_shipping", "buy_x_get_y")
GIFT_CARD_REASONS = ("issued", "spent", "refunded", "adjustment")


class Promotion(Identified, Timestamped, Base):
    """A reduction: by ``code``, by codes of one use each (``has_single_codes``), or else automatic.

    ``value`` is per cent or money, by ``kind``. Of all that apply in a ``lane`` the best counts, the higher
    ``priority`` where two are equal; lanes add up. ``conditions`` are read by :mod:`storefront.promotions.rules`.
    """

    __tablename__ = "promotions"
    __table_args__ = (
        one_of("kind", PROMOTION_KINDS),
        sa.CheckConstraint("value >= 0", name="value_not_negative"),
        sa.CheckConstraint("kind <> 'percent' OR value <= 100", name="percent_within_hundred"),
        sa.CheckConstraint(
            "ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name="ends_after_start"
        ),
        sa.CheckConstraint("used_count >= 0", name="used_count_not_negative"),
        sa.CheckConstraint("usage_limit IS NULL OR used_count <= usage_limit", name="used_within_limit"),
        sa.CheckConstraint("lane ~ '^[a-z][a-z0-9-]{0,39}$'", name="lane_is_a_word"),
        sa.CheckConstraint("NOT has_single_codes OR code IS NULL", name="one_kind_of_code"),
        currency_check(),
        sa.Index("ix_promotions_is_active", "is_active", "starts_at", "ends_at"),
    )

    name: Mapped[str]
    code: Mapped[str | None] = mapped_column(CITEXT, unique=True)
    kind: Mapped[str]
    value: Mapped[Decimal] = mapped_column(server_default="0")
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    usage_limit: Mapped[int | None]
    usage_limit_per_user: Mapped[int | None]
    used_count: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    lane: Mapped[str] = mapped_column(default="goods", server_default="goods")
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    has_single_codes: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class PromotionCode(Identified, Created, Base):
    """A code that works once, one of a ``batch``. ``order_id`` is the order that it is spent on, while it is."""

    __tablename__ = "promotion_codes"
    __table_args__ = (
        sa.Index("ix_promotion_codes_promotion_id", "promotion_id", "batch"),
        sa.Index("ix_promotion_codes_order_id", "order_id", postgresql_where=sa.text("order_id IS NOT NULL")),
    )

    promotion_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("promotions.id"))
    code: Mapped[str] = mapped_column(CITEXT, unique=True)
    batch: Mapped[str] = mapped_column(default="", server_default="")
    order_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("orders.id"))


class CustomerGroup(Identified, Created, Base):
    """People who get other conditions: club members, schools, the trade."""

    __tablename__ = "customer_groups"

    name: Mapped[str] = mapped_column(CITEXT, unique=True)


class CustomerGroupMember(Created, Base):
    """Somebody in a group."""

    __tablename__ = "customer_group_members"
    __table_args__ = (sa.Index("ix_customer_group_members_user_id", "user_id"),)

    group_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("customer_groups.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )


class PromotionUse(Identified, Created, Base):
    """A promotion spent on an order; a trigger counts it against both limits under the promotion's row lock.

    ``customer`` is the user's id, or a guest's e-mail address. ``amount`` is what the goods cost less,
    ``shipping_amount`` what the shipping does.
    """

    __tablename__ = "promotion_uses"
    __table_args__ = (
        sa.UniqueConstraint("promotion_id", "order_id"),
        sa.Index("ix_promotion_uses_customer", "promotion_id", "customer"),
        sa.Index("ix_promotion_uses_order_id", "order_id"),
        sa.CheckConstraint("amount >= 0 AND shipping_amount >= 0", name="amounts_not_negative"),
    )

    promotion_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("promotions.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    customer: Mapped[str] = mapped_column(CITEXT)
    amount: Mapped[Decimal]
    shipping_amount: Mapped[Decimal] = mapped_column(server_default="0")


class GiftCard(Identified, Timestamped, Base):
    """A balance somebody can spend with a code that only they know. ``balance`` is the sum of its entries.

    ``code_hint`` is the code's end, for people on the phone.
    """

    __tablename__ = "gift_cards"
    __table_args__ = (
        sa.CheckConstraint("balance >= 0", name="balance_not_negative"),
        currency_check(),
    )

    code_hash: Mapped[str] = mapped_column(unique=True)
    balance: Mapped[Decimal] = mapped_column(server_default="0")
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    expires_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    code_hint: Mapped[str] = mapped_column(default="", server_default="")


class GiftCardEntry(Identified, Created, Base):
    """A line of a gift card's ledger. Append only; a trigger adds ``delta`` to the balance.

    ``order_id`` is set on what was spent on an order and given back of that; money that was paid another way and
    comes here instead has its ``order_refund_id`` alone, or its ``refund_id`` where no refund of an order is behind it.
    """

    __tablename__ = "gift_card_entries"
    __table_args__ = (
        sa.CheckConstraint("delta <> 0", name="delta_not_zero"),
        one_of("reason", GIFT_CARD_REASONS),
        sa.Index("ix_gift_card_entries_gift_card_id", "gift_card_id", "created_at"),
        sa.Index("ix_gift_card_entries_order_id", "order_id"),
        sa.Index("ix_gift_card_entries_order_refund_id", "order_refund_id"),
        sa.CheckConstraint("num_nonnulls(order_refund_id, refund_id) <= 1", name="one_refund"),
        sa.Index(
            "uq_gift_card_entries_refund_id",
            "refund_id",
            unique=True,
            postgresql_where=sa.text("refund_id IS NOT NULL"),
        ),
    )

    gift_card_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("gift_cards.id"))
    delta: Mapped[Decimal]
    reason: Mapped[str]
    order_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("orders.id"))
    order_refund_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("order_refunds.id"))
    refund_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("refunds.id"))
