"""Suggestions while typing: products, categories, brands and what others looked for. Two statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.catalog.models import Brand
from storefront.catalog.queries import CARD_COLUMNS, ProductCard, card_from, category_tree, listed
from storefront.catalog.queries.tree import CategoryNode
from storefront.core.clock import now
from storefront.core.db import session
from storefront.search.models import ProductSearch, SearchLog
from storefront.search.queries.filters import published
from storefront.search.queries.matching import prefix_expression, slip_expression, text_query, words_of
from storefront.search.queries.request import clean_text

SHORTEST = 2
_LONGEST = 80
_RECENT_SEARCHES = 5_000
_LEAST_SEARCHES = 3
_MEMORY = timedelta(days=30)
_NAMES_FIRST = sa.cast(sa.literal("{0, 0.1, 0.4, 1}"), sa.ARRAY(sa.REAL))
"""The weights of descriptions, specifications, brand with tags and category, and names, for half-typed words."""


@dataclass(frozen=True, slots=True)
class CategorySuggestion:
    """A category whose name holds what was typed, with the way to it."""

    name: str
    slug: str
    path: str


@dataclass(frozen=True, slots=True)
class BrandSuggestion:
    """A brand whose name holds what was typed."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the box under the search field shows for ``prefix``."""

    prefix: str
    products: tuple[ProductCard, ...] = ()
    categories: tuple[CategorySuggestion, ...] = ()
    brands: tuple[BrandSuggestion, ...] = ()
    queries: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many suggestions there are in all."""
        return len(self.products) + len(self.categories) + len(self.brands) + len(self.queries)


def suggest(prefix: str, limit: int = 6) -> Suggestions:
    """Suggestions for the beginning of a text; nothing below two characters. At most two statements."""
    typed = clean_text(prefix, _LONGEST)
    words = words_of(typed)
    if len(typed) < SHORTEST or not words:
        return Suggestions(typed)
    names = _names(typed)
    return Suggestions(
        prefix=typed,
        products=tuple(_products(words, limit)),
        categories=tuple(_categories(words, 3)),
        brands=tuple(BrandSuggestion(label, slug) for kind, label, slug in names if kind == "brand"),
        queries=tuple(label for kind, label, _slug in names if kind == "query"),
    )


def _products(words: list[str], limit: int) -> list[ProductCard]:
    slips = slip_expression(words)
    values = {
        "prefix": prefix_expression(words),
        "slips": slips,
        "whole": " ".join(words),
        "most": limit,
    }
    rows = session().execute(_products_statement(slips is not None), values)
    return [card_from(row) for row in rows]


@cache
def _products_statement(with_slips: bool) -> sa.Select[Any]:
    query = text_query(sa.bindparam("prefix", type_=sa.Text()))
    whole, most = sa.bindparam("whole", type_=sa.Text()), sa.bindparam("most", type_=sa.Integer())
    rank = sa.func.ts_rank_cd(_NAMES_FIRST, ProductSearch.search_vector, query)
    like: sa.ColumnElement[bool] = whole.op("<%")(ProductSearch.trigram_text)
    if with_slips:
        slipped = text_query(sa.bindparam("slips", type_=sa.Text()))
        like = sa.or_(like, ProductSearch.search_vector.op("@@")(slipped))
    begins: Any = (
        sa.select(ProductSearch.product_id, (-rank).label("distance"))
        .where(ProductSearch.search_vector.op("@@")(query), published())
        .order_by(
            rank.desc(),
            ProductSearch.available.desc(),
            ProductSearch.popularity.desc(),
            ProductSearch.product_id,
        )
        .limit(most)
    )
    near: Any = (
        sa.select(
            ProductSearch.product_id,
            (1 - sa.func.word_similarity(whole, ProductSearch.trigram_text)).label("distance"),
        )
        .where(
            # Only when no word begins so: the flag is evaluated once, before any row is looked at.
            sa.not_(sa.exists().where(aliased(ProductSearch).search_vector.op("@@")(query))),
            like,
            published(),
        )
        .order_by(sa.literal_column("distance"), ProductSearch.product_id)
        .limit(most)
    )
    found = sa.union_all(sa.select(begins.subquery()), sa.select(near.subquery())).subquery("found")
    return (
        sa.select(*CARD_COLUMNS)
        .select_from(found)
        .join(listed, listed.c.product_id == found.c.product_id)
        .order_by(
            found.c.distance, listed.c.available.desc(), listed.c.popularity.desc(), listed.c.product_id
        )
        .limit(most)
    )


def _names(typed: str) -> list[tuple[str, str, str]]:
    """Brands, and what several others have looked for with success, as (kind, label, slug)."""
    escaped = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"begins": f"{escaped}%", "word_begins": f"% {escaped}%", "since": now() - _MEMORY}
    rows = session().execute(_names_statement(), values)
    return [(row.kind, row.label, row.slug) for row in rows]


@cache
def _names_statement() -> sa.CompoundSelect[Any]:
    begins = sa.bindparam("begins", type_=sa.Text())
    word_begins = sa.bindparam("word_begins", type_=sa.Text())
    brands = (
        sa.select(
            sa.literal("brand").label("kind"),
            Brand.name.label("label"),
            Brand.slug,
            sa.literal(0).label("uses"),
        )
        .where(
            sa.or_(Brand.name.ilike(begins), Brand.name.ilike(word_begins)),
            Brand.deleted_at.is_(None),
            Brand.is_active,
        )
        .order_by(Brand.name)
        .limit(3)
    )
    recent = (
        sa.select(sa.func.lower(SearchLog.query).label("query"))
        .where(
            SearchLog.created_at > sa.bindparam("since", type_=sa.TIMESTAMP(timezone=True)),
            SearchLog.results_count > 0,
            SearchLog.search_type != "suggest",
        )
        .order_by(SearchLog.created_at.desc())
        .limit(_RECENT_SEARCHES)
        .subquery("recent")
    )
    uses = sa.func.count()
    queries = (
        sa.select(sa.literal("query"), recent.c.query, sa.literal(""), uses.label("uses"))
        .where(
            recent.c.query.ilike(begins),
            # What one person typed stays theirs: names, mail addresses and numbers are never shown to others.
            recent.c.query.regexp_match("^[^@0-9]{2,40}$"),
        )
        .group_by(recent.c.query)
        .having(uses >= _LEAST_SEARCHES)
        .order_by(uses.desc(), recent.c.query)
        .limit(4)
    )
    return sa.union_all(sa.select(brands.subquery()), sa.select(queries.subquery()))


def _categories(words: list[str], limit: int) -> list[CategorySuggestion]:
    """Categories of the cached tree in whose name each typed word begins a word; no statement."""
    found: list[CategorySuggestion] = []

    def look(nodes: tuple[CategoryNode, ...], above: tuple[str, ...]) -> None:
        for node in nodes:
            begun = words_of(node.name)
            if all(any(one.startswith(word) for one in begun) for word in words):
                found.append(CategorySuggestion(node.name, node.slug, " › ".join(above)))
            look(node.children, (*above, node.name))

    look(tuple(category_tree()), ())
    return found[:limit]
