"""The listing's and search's one read model, and what staff taught the search."""

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

# What was written last lies in a list that every search reads through: it is kept short, or away with where rows are
# written seldom.
_SHORT_LIST = {"gin_pending_list_limit": 512}
_NO_LIST = {"fastupdate": "off"}

PRICE_STEPS: tuple[Decimal, ...] = tuple(
    Decimal(step).scaleb(power)
    for power in range(7)
    for step in ("1", "1.5", "2", "2.5", "3", "4", "5", "7.5")
)
"""Where a price range may end: 1, 1.50, 2 ... 7,500,000. ``width_bucket`` numbers what lies between from 0."""

FACET_KINDS = ("language", "brand", "category", "tag", "option", "specification")

_STEPS = ",".join(f"{step:.2f}" for step in PRICE_STEPS)
_STANDING = (
    "available::int * 4 + is_featured::int * 2 + greatest(popularity, 0) / (1 + greatest(popularity, 0))"
    " + rating_average::double precision / 500"
)

AVAILABLE_FROM = 4.0
"""The least ``standing`` of what is available, and more than anything else has."""


class FacetValue(Base):
    """The number of one countable fact: a language, a brand (by slug), a category (by id), a tag, an option's value ...

    ``name`` is the option's or specification's own name, else empty; ``label`` what people read where that is not
    the value. Numbers are never used again, so whoever knows one may keep it.
    """

    __tablename__ = "facet_values"
    __table_args__ = (
        one_of("kind", FACET_KINDS),
        sa.UniqueConstraint("kind", "name", "value"),
        sa.Index(
            "ix_facet_values_said",
            sa.text("lower(value)"),
            postgresql_where=sa.text("kind IN ('option', 'specification')"),
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    value: Mapped[str]
    label: Mapped[str]


class CategoryListing(Base):
    """Each category's products, those of the categories below it too, in the recommended order. Written by triggers.

    ``brand_number`` is the brand's number as a fact (:class:`FacetValue`), 0 without one; ``stars`` the whole ones of
    the rating. The key's index holds both and ``price_step`` too: it passes over what nobody wants. What is available
    has a ``standing`` of :data:`AVAILABLE_FROM` or more.
    """

    __tablename__ = "category_listing"

    category_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    standing: Mapped[float] = mapped_column(sa.Double, primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    brand_number: Mapped[int]
    price_step: Mapped[int] = mapped_column(sa.SmallInteger)
    stars: Mapped[int] = mapped_column(sa.SmallInteger)


class ProductSearch(Base):
    """One row per listed product (a parent or a single one), written by triggers only.

    Readers add ``published_at <= now()``: a product with a later date already has its row. Prices span the
    living variants. ``facets`` is ``{"options": {name: [values]}, "specifications": {name: [values]}}``; ``facet_ids``
    are the numbers of all countable facts. ``category_path`` holds the category and its ancestors. ``standing`` is the
    recommended order as one number, ``name_vector`` the words of names,
    brands, categories and options. A job fills ``embedding`` wherever ``embedded_digest`` differs from
    ``content_digest``; another one, nightly, ``popularity``: units sold in a month, as the last ninety days were.
    """

    __tablename__ = "product_search"
    __table_args__ = (
        gin("ix_product_search_vector", "search_vector", settings=_SHORT_LIST),
        gin("ix_product_search_name_vector", "name_vector", settings=_SHORT_LIST),
        gin("ix_product_search_facet_ids", "facet_ids", settings=_SHORT_LIST),
        gin("ix_product_search_trigram", "trigram_text", operator_class="gin_trgm_ops", settings=_SHORT_LIST),
        sa.Index("ix_product_search_standing", "standing", "product_id"),
        sa.Index(
            "ix_product_search_reduced",
            "standing",
            "product_id",
            postgresql_where=sa.text("compare_at_price IS NOT NULL"),
        ),
        sa.Index("ix_product_search_price", "price_min", "product_id"),
        sa.Index("ix_product_search_rating", "rating_average", "rating_count", "product_id"),
        sa.Index("ix_product_search_published_at", "published_at", "product_id"),
        sa.Index("ix_product_search_sort_name", "sort_name", "product_id"),
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
    name_vector: Mapped[Any] = mapped_column(
        TSVECTOR, sa.Computed("ts_filter(search_vector, '{a,b}')", persisted=True), deferred=True
    )
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
    price_step: Mapped[int] = mapped_column(
        sa.SmallInteger, sa.Computed(f"width_bucket(price_min, '{{{_STEPS}}}'::numeric[])", persisted=True)
    )
    compare_at_price: Mapped[Decimal | None]
    rating_average: Mapped[Decimal] = mapped_column(sa.Numeric(3, 2), server_default="0")
    rating_count: Mapped[int] = mapped_column(server_default="0")
    available: Mapped[bool] = mapped_column(server_default=sa.false())
    has_variants: Mapped[bool] = mapped_column(server_default=sa.false())
    is_featured: Mapped[bool] = mapped_column(server_default=sa.false())
    tags: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    facets: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    facet_ids: Mapped[list[int]] = mapped_column(
        ARRAY(sa.Integer()), server_default=sa.text("'{}'::integer[]"), deferred=True
    )
    image: Mapped[dict[str, Any] | None]
    popularity: Mapped[float] = mapped_column(sa.Double, server_default="0")
    standing: Mapped[float] = mapped_column(sa.Double, sa.Computed(_STANDING, persisted=True))
    published_at: Mapped[datetime]
    content_digest: Mapped[str]
    embedded_digest: Mapped[str | None]
    embedding: Mapped[Any | None] = mapped_column(VECTOR(EMBEDDING_DIMENSIONS), deferred=True)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=sa.func.now(), server_onupdate=sa.FetchedValue()
    )


SAMPLED_SHARE = 16
"""One product of so many is in the sample."""


class ProductSample(Base):
    """A fixed sixteenth of the products in short rows side by side: what is counted beyond ten thousand. Written by
    triggers."""

    __tablename__ = "product_sample"
    __table_args__ = (
        gin("ix_product_sample_facet_ids", "facet_ids", settings=_NO_LIST),
        gin("ix_product_sample_name_vector", "name_vector", settings=_NO_LIST),
        gin("ix_product_sample_search_vector", "search_vector", settings=_NO_LIST),
    )

    product_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    language: Mapped[str]
    standing: Mapped[float] = mapped_column(sa.Double)
    facet_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer()))
    price_min: Mapped[Decimal]
    price_step: Mapped[int] = mapped_column(sa.SmallInteger)
    rating_average: Mapped[Decimal] = mapped_column(sa.Numeric(3, 2))
    available: Mapped[bool]
    published_at: Mapped[datetime]
    name_vector: Mapped[Any] = mapped_column(TSVECTOR)
    search_vector: Mapped[Any] = mapped_column(TSVECTOR)


def products_table() -> sa.FromClause:
    """The table of :class:`ProductSearch`: attributes of the class that are loaded late are no part of a plain row."""
    return ProductSearch.__table__


def sample_table() -> sa.FromClause:
    """The table of :class:`ProductSample`, whose columns are called as those of :func:`products_table` are."""
    return ProductSample.__table__


class SearchWord(Base):
    """A word that products hold: in lower case, without accents.

    ``holders`` is how many hold it in their names, brands, categories, tags or options, ``text_holders`` about how many
    in their descriptions and specifications (there only words of letters are kept). ``stem`` is what the text search
    makes of it, ``deletes`` numbers that it shares with every word at most one letter away. A job keeps them
    (:func:`refresh_words`).
    """

    __tablename__ = "search_words"
    __table_args__ = (
        sa.CheckConstraint(
            "holders >= 0 AND text_holders >= 0 AND holders + text_holders > 0", name="somebody_holds_it"
        ),
        sa.Index("ix_search_words_stem", "stem"),
        sa.Index("ix_search_words_beginning", "word", postgresql_ops={"word": "text_pattern_ops"}),
        gin("ix_search_words_deletes", "deletes", settings=_NO_LIST),
        gin("ix_search_words_trigram", "word", operator_class="gin_trgm_ops", settings=_NO_LIST),
    )

    word: Mapped[str] = mapped_column(primary_key=True)
    stem: Mapped[str]
    holders: Mapped[int]
    text_holders: Mapped[int]
    deletes: Mapped[list[int]] = mapped_column(
        ARRAY(sa.Integer()), sa.Computed("word_deletes(word)", persisted=True), deferred=True
    )


class SearchWordChange(Base):
    """A statement changed words of products since they were counted last. Written by triggers."""

    __tablename__ = "search_word_changes"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)


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
        sa.Index("ix_synonyms_created_by", "created_by", postgresql_where=sa.text("created_by IS NOT NULL")),
        sa.Index("ix_synonyms_updated_by", "updated_by", postgresql_where=sa.text("updated_by IS NOT NULL")),
    )

    language: Mapped[str]
    typed: Mapped[str | None]
    words: Mapped[list[str]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
