"""How things travel and what the state takes."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import (
    EMPTY_ARRAY,
    EMPTY_LIST,
    country_check,
    currency_check,
)
from storefront.core.db import Base, Identified, Timestamped


class ShippingMethod(Identified, Timestamped, Base):
    """A way to deliver. Empty ``countries`` means everywhere, empty ``regions`` the whole country.

    ``price_rules`` is a list of ``{"up_to_weight": kilograms, "price": money}`` in rising order; where none
    matches, ``price`` counts. From a subtotal of ``free_over`` on it costs nothing.
    """

    __tablename__ = "shipping_methods"
    __table_args__ = (
        sa.CheckConstraint("price >= 0", name="price_not_negative"),
        sa.CheckConstraint("free_over IS NULL OR free_over >= 0", name="free_over_not_negative"),
        sa.CheckConstraint("min_days >= 0 AND max_days >= min_days", name="days_in_order"),
        currency_check(),
        sa.Index("ix_shipping_methods_is_active", "is_active", "sort_order"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    countries: Mapped[list[str]] = mapped_column(default=list, server_default=EMPTY_ARRAY)
    regions: Mapped[list[str]] = mapped_column(default=list, server_default=EMPTY_ARRAY)
    price: Mapped[Decimal] = mapped_column(server_default="0")
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    price_rules: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    free_over: Mapped[Decimal | None]
    min_days: Mapped[int] = mapped_column(default=1, server_default="1")
    max_days: Mapped[int] = mapped_column(default=5, server_default="5")
    sort_order: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class TaxRate(Identified, Timestamped, Base):
    """Per cent of tax by country, region and category (null: all of them); inside the price or on top of it."""

    __tablename__ = "tax_rates"
    __table_args__ = (
        country_check(),
        sa.CheckConstraint("rate >= 0 AND rate <= 100", name="rate_in_range"),
        sa.UniqueConstraint("country", "region", "category_id", postgresql_nulls_not_distinct=True),
        sa.Index("ix_tax_rates_category_id", "category_id"),
    )

    country: Mapped[str]
    region: Mapped[str | None]
    category_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("categories.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(default="", server_default="")
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(6, 3))
    is_inclusive: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
