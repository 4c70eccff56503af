"""What a membership costs and gives."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import currency_check, one_of
from storefront.core.db import Base, Identified, Timestamped

INTERVALS = ("month", "year")


class MembershipPlan(Identified, Timestamped, Base):
    """A membership that can be had. ``price`` per ``interval``; ``price_id`` is the provider's, None until it knows it.

    Members are put into ``group_id``; free shipping is the automatic promotion ``promotion_id`` for that group, from
    goods of ``free_shipping_over`` on.
    """

    __tablename__ = "membership_plans"
    __table_args__ = (
        one_of("interval", INTERVALS),
        currency_check(),
        sa.CheckConstraint("price > 0", name="price_positive"),
        sa.CheckConstraint("free_shipping_over >= 0", name="free_shipping_over_not_negative"),
        sa.Index("ix_membership_plans_promotion_id", "promotion_id"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="", server_default="")
    price: Mapped[Decimal]
    currency: Mapped[str]
    interval: Mapped[str]
    free_shipping_over: Mapped[Decimal | None]
    has_larger_chat_budget: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    price_id: Mapped[str | None]
    group_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("customer_groups.id"), unique=True)
    promotion_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("promotions.id"))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    version: Mapped[int] = mapped_column(default=1, server_default="1")
