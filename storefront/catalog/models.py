"""What is sold: brands, the category tree, products and their variants, and the record of imports."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import (
    EMPTY_ARRAY,
    EMPTY_LIST,
    EMPTY_OBJECT,
    LIVING,
    currency_check,
    gin,
    one_of,
)
from storefront.core.db import Base, Identified, SoftDeleted, Timestamped

IMPORT_STATUSES = ("running", "finished", "failed", "broken_off")
_LIVING_ACTIVE = sa.text("deleted_at IS NULL AND is_active")


class Brand(Identified, Timestamped, SoftDeleted, Base):
    """Who makes a product."""

    __tablename__ = "brands"
    __table_args__ = (
        sa.Index("uq_brands_slug_living", "slug", unique=True, postgresql_where=LIVING),
        sa.Index("uq_brands_name_living", sa.text("lower(name)"), unique=True, postgresql_where=LIVING),
        gin("ix_brands_metadata", "metadata"),
    )

    name: Mapped[str]
    slug: Mapped[str]
    description: Mapped[str | None]
    logo_url: Mapped[str | None]
    website_url: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class Category(Identified, Timestamped, SoftDeleted, Base):
    """A node of the category tree; a trigger refuses cycles."""

    __tablename__ = "categories"
    __table_args__ = (
        sa.CheckConstraint("id <> parent_id", name="no_self_parent"),
        sa.Index("uq_categories_slug_living", "slug", unique=True, postgresql_where=LIVING),
        sa.Index("ix_categories_parent_id", "parent_id", "sort_order", postgresql_where=LIVING),
        sa.Index("ix_categories_is_active", "is_active", postgresql_where=LIVING),
        sa.Index(
            "ix_categories_full_text",
            sa.text(
                "to_tsvector('simple'::regconfig, (name || ' '::text) || COALESCE(description, ''::text))"
            ),
            postgresql_using="gin",
        ),
        gin("ix_categories_metadata", "metadata"),
    )

    name: Mapped[str]
    slug: Mapped[str]
    description: Mapped[str | None]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("categories.id"))
    image_url: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)
    sort_order: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class Product(Identified, Timestamped, SoftDeleted, Base):
    """A product, or a variant of one (``parent_id`` and ``options``) with its own SKU, price and stock.

    ``price``, ``compare_at_price`` and ``cost`` are per unit in ``currency``; ``weight`` is in kilograms;
    ``images`` is a list of ``{"key", "alt", "width", "height"}``. No index touches ``stock_quantity``,
    ``reserved_quantity`` or ``updated_at``, so that selling a unit stays a heap-only update. ``version`` is
    the edit guard: staff edits raise it, sales do not. ``cost`` is loaded only when asked for, because the
    shopper's login may not read it.
    """

    __tablename__ = "products"
    __table_args__ = (
        sa.CheckConstraint("price >= 0", name="price_not_negative"),
        sa.CheckConstraint(
            "compare_at_price IS NULL OR compare_at_price > price", name="compare_at_above_price"
        ),
        sa.CheckConstraint("cost IS NULL OR cost >= 0", name="cost_not_negative"),
        sa.CheckConstraint("stock_quantity >= 0", name="stock_not_negative"),
        sa.CheckConstraint("reserved_quantity >= 0", name="reserved_not_negative"),
        sa.CheckConstraint(
            "reserved_quantity <= stock_quantity + backorder_limit", name="reserved_within_stock"
        ),
        sa.CheckConstraint("backorder_limit >= 0", name="backorder_limit_not_negative"),
        sa.CheckConstraint("low_stock_threshold >= 0", name="low_stock_threshold_not_negative"),
        sa.CheckConstraint("weight IS NULL OR weight >= 0", name="weight_not_negative"),
        sa.CheckConstraint("id <> parent_id", name="no_self_parent"),
        sa.CheckConstraint(
            "(parent_id IS NULL) = (options = '{}'::jsonb)", name="options_belong_to_variants"
        ),
        currency_check(),
        sa.Index("uq_products_slug_living", "slug", unique=True, postgresql_where=LIVING),
        sa.Index("uq_products_sku_living", "sku", unique=True, postgresql_where=LIVING),
        sa.Index(
            "uq_products_options_in_parent",
            "parent_id",
            "options",
            unique=True,
            postgresql_where=sa.text("parent_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        # For the foreign key too: removing a product looks for its variants, deleted ones included.
        sa.Index("ix_products_parent_id", "parent_id", postgresql_where=sa.text("parent_id IS NOT NULL")),
        sa.Index("ix_products_category_id", "category_id", postgresql_where=LIVING),
        sa.Index("ix_products_brand_id", "brand_id", postgresql_where=LIVING),
        sa.Index("ix_products_barcode", "barcode", postgresql_where=LIVING),
        sa.Index("ix_products_is_featured", "is_featured", postgresql_where=_LIVING_ACTIVE),
        sa.Index("ix_products_price", "price", postgresql_where=_LIVING_ACTIVE),
        # For the foreign keys alone: whoever's account ends may have been here.
        sa.Index("ix_products_created_by", "created_by", postgresql_where=sa.text("created_by IS NOT NULL")),
        sa.Index("ix_products_updated_by", "updated_by", postgresql_where=sa.text("updated_by IS NOT NULL")),
        sa.Index("ix_products_created_at", sa.text("created_at DESC"), postgresql_where=LIVING),
        gin("ix_products_tags", "tags"),
        gin("ix_products_specifications", "specifications", operator_class="jsonb_path_ops"),
        gin("ix_products_metadata", "metadata"),
    )

    name: Mapped[str]
    slug: Mapped[str]
    description: Mapped[str | None]
    short_description: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    price: Mapped[Decimal]
    compare_at_price: Mapped[Decimal | None]
    cost: Mapped[Decimal | None] = mapped_column(deferred=True)
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    category_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("categories.id"))
    brand_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("brands.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("products.id"))
    options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    sku: Mapped[str]
    barcode: Mapped[str | None]
    stock_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    reserved_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    backorder_limit: Mapped[int] = mapped_column(default=0, server_default="0")
    low_stock_threshold: Mapped[int] = mapped_column(default=10, server_default="10")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    weight: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 3))
    dimensions: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    images: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    tags: Mapped[list[str]] = mapped_column(default=list, server_default=EMPTY_ARRAY)
    specifications: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default=EMPTY_OBJECT)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    is_featured: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    published_at: Mapped[datetime | None]


class ImportRun(Identified, Timestamped, Base):
    """One run of a catalog import: its source, mapping, counts and the file of refused rows."""

    __tablename__ = "import_runs"
    __table_args__ = (
        one_of("status", IMPORT_STATUSES),
        sa.Index("ix_import_runs_created_at", sa.text("created_at DESC")),
        sa.Index("ix_import_runs_user_id", "user_id", postgresql_where=sa.text("user_id IS NOT NULL")),
    )

    source: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    status: Mapped[str] = mapped_column(default="running", server_default="running")
    is_dry_run: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    error_file: Mapped[str | None]
    error: Mapped[str | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    finished_at: Mapped[datetime | None]
