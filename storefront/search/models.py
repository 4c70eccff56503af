"""The listing's and search's one read model, the log of what was looked for, and what staff taught the search."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMBEDDING_DIMENSIONS, EMPTY_ARRAY, EMPTY_OBJECT, gin, one_of
from storefront.core.db import Base, Identified, Timestamped
from storefront.core.ids import new_id

SEARCH_TYPES = ("text", "semantic", "hybrid", "suggest", "assistant")


class ProductSearch(Base):
    """One row per listed product (a parent or a single one), written by triggers only.

    Readers add ``published_at <= now()``: a product with a later date already has its row. Prices span the
    living variants. ``facets`` is ``{"options": {name: [values]}, "specifications": {name: [values]}}``, made
    for ``@>``. ``category_path`` holds the category and its ancestors. A job fills ``embedding`` wherever
    ``embedded_digest`` differs from ``content_digest``, and ``popularity`` from what was sold.
    """

    __tablename__ = "product_search"
    __table_args__ = (
        gin("ix_product_search_vector", "search_vector"),
        gin("ix_product_search_trigram", "trigram_text", operator_class="gin_trgm_ops"),
        gin("ix_product_search_category_path", "category_path"),
        gin("ix_product_search_facets", "facets", operator_class="jsonb_path_ops"),
        gin("ix_product_search_tags", "tags"),
        sa.Index("ix_product_search_brand_id", "brand_id"),
        sa.Index("ix_product_search_category_id", "category_id"),
        sa.Index("ix_product_search_price", "price_min", "product_id"),
        sa.Index(
            "ix_product_search_rating",
            sa.text("rating_average DESC"),
            sa.text("rating_count DESC"),
            "product_id",
        ),
        sa.Index("ix_product_search_popularity", sa.text("popularity DESC"), "product_id"),
        sa.Index("ix_product_search_published_at", sa.text("published_at DESC"), "product_id"),
        sa.Index("ix_product_search_sort_name", "sort_name", "product_id"),
        sa.Index("ix_product_search_sku", "sku"),
        sa.Index(
            "ix_product_search_to_embed",
            "product_id",
            postgresql_where=sa.text("embedded_digest IS DISTINCT FROM content_digest"),
        ),
        sa.Index(
            "ix_product_search_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
    )

    product_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str]
    slug: Mapped[str]
    name: Mapped[str]
    sort_name: Mapped[str]
    sku: Mapped[str]
    search_vector: Mapped[Any] = mapped_column(TSVECTOR, deferred=True)
    trigram_text: Mapped[str] = mapped_column(deferred=True)
    brand_id: Mapped[uuid.UUID | None]
    brand_name: Mapped[str | None]
    brand_slug: Mapped[str | None]
    category_id: Mapped[uuid.UUID | None]
    category_name: Mapped[str | None]
    category_path: Mapped[list[uuid.UUID]] = mapped_column(
        ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]")
    )
    currency: Mapped[str]
    price_min: Mapped[Decimal]
    price_max: Mapped[Decimal]
    compare_at_price: Mapped[Decimal | None]
    rating_average: Mapped[Decimal] = mapped_column(sa.Numeric(3, 2), server_default="0")
    rating_count: Mapped[int] = mapped_column(server_default="0")
    available: Mapped[bool] = mapped_column(server_default=sa.false())
    has_variants: Mapped[bool] = mapped_column(server_default=sa.false())
    is_featured: Mapped[bool] = mapped_column(server_default=sa.false())
    tags: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    facets: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    image: Mapped[dict[str, Any] | None]
    popularity: Mapped[float] = mapped_column(sa.Double, server_default="0")
    published_at: Mapped[datetime]
    content_digest: Mapped[str]
    embedded_digest: Mapped[str | None]
    embedding: Mapped[Any | None] = mapped_column(VECTOR(EMBEDDING_DIMENSIONS), deferred=True)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=sa.func.now(), server_onupdate=sa.FetchedValue()
    )


class SearchLog(Base):
    """One search, with how many it found, how long it took (milliseconds) and what was chosen. Monthly partitions."""

    __tablename__ = "search_logs"
    __table_args__ = (
        one_of("search_type", SEARCH_TYPES),
        sa.CheckConstraint("results_count >= 0", name="results_count_not_negative"),
        sa.Index("ix_search_logs_user_id", "user_id"),
        sa.Index("ix_search_logs_created_at", "created_at"),
        sa.Index("ix_search_logs_search_type", "search_type"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, server_default=sa.text("gen_random_uuid()")
    )
    query: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    session_id: Mapped[uuid.UUID | None]
    results_count: Mapped[int]
    search_type: Mapped[str]
    response_time_ms: Mapped[int]
    clicked_product_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.func.now())


class Synonym(Identified, Timestamped, Base):
    """Words and phrases that mean the same; with ``typed``, only who types that means the ``words`` too."""

    __tablename__ = "synonyms"
    __table_args__ = (
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name="language_is_iso"),
        sa.CheckConstraint(
            "cardinality(words) BETWEEN (CASE WHEN typed IS NULL THEN 2 ELSE 1 END) AND 20",
            name="words_counted",
        ),
        sa.UniqueConstraint("language", "typed", "words", postgresql_nulls_not_distinct=True),
    )

    language: Mapped[str]
    typed: Mapped[str | None]
    words: Mapped[list[str]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
