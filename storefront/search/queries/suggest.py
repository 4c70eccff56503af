"""Suggestions while typing: products, categories, brands and what others looked for. Four statements at most."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from storefront.catalog.models import Brand
from storefront.catalog.queries import ProductCard, category_tree, product_cards
from storefront.catalog.queries.tree import CategoryNode
from storefront.core.statements import rows
from storefront.search.log_models import PopularSearch
from storefront.search.queries.engine import search_engine
from storefront.search.queries.request import clean_text

SHORTEST = 2
_LONGEST = 80
_LAST_CHARACTER = chr(0x10FFFF)
_WORD = re.compile(r"\w+")


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
    """Suggestions for the beginning of a text; nothing below two characters.

    At most four statements while the category tree is at hand.
    """
    typed = clean_text(prefix, _LONGEST)
    words = words_of(typed)
    if len(typed) < SHORTEST or not words:
        return Suggestions(typed)
    names = _names(typed)
    return Suggestions(
        prefix=typed,
        products=tuple(product_cards(search_engine().suggest(typed, limit))),
        categories=tuple(_categories(words, 3)),
        brands=tuple(BrandSuggestion(label, slug) for kind, label, slug in names if kind == "brand"),
        queries=tuple(label for kind, label, _slug in names if kind == "query"),
    )


def words_of(text: str) -> list[str]:
    """The words of ``text``, lower case, each once."""
    return list(dict.fromkeys(_WORD.findall(text.lower())))


def _names(typed: str) -> list[tuple[str, str, str]]:
    """Brands, and what several others have looked for with success, as (kind, label, slug)."""
    start = typed.lower()
    escaped = start.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {
        "begins": f"{escaped}%",
        "word_begins": f"% {escaped}%",
        "start": start,
        "end": start + _LAST_CHARACTER,
    }
    return [(row.kind, row.label, row.slug) for row in rows(_names_statement(), values)]


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
    text = PopularSearch.text
    queries = (
        sa.select(sa.literal("query"), text, sa.literal(""), PopularSearch.uses)
        # A range and not LIKE: a plan that is kept for all texts finds no range in a pattern.
        .where(
            text.bool_op("~>=~")(sa.bindparam("start", type_=sa.Text())),
            text.bool_op("~<~")(sa.bindparam("end", type_=sa.Text())),
        )
        .order_by(PopularSearch.askers.desc(), PopularSearch.uses.desc(), text)
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
