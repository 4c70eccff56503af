"""What goes well with a product: others of its department, the nearest first."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from storefront.catalog.queries.cards import ProductCard, in_category, listed, product_cards, visible
from storefront.catalog.queries.product import ProductPage
from storefront.catalog.queries.tree import CategoryNode, category_by_id
from storefront.core.cache import CacheKind, remembered_each
from storefront.core.statements import rows

COMPARED = 24
"""Only the liveliest of a category are compared: ranking all of a large department buys the shopper nothing."""


SPARE = 4
"""So many more are looked at, in place of those that were sold out since."""


class Neighbour(msgspec.Struct, frozen=True):
    """A product that may be shown beside others of a category. ``distance``: 0 in the category itself, 1 around it."""

    id: uuid.UUID
    tags: frozenset[str]
    distance: int


def related_products(page: ProductPage, limit: int = 8) -> list[ProductCard]:
    """Available products of the same department: the same category first, then those that share most tags.

    A category's candidates are remembered, as cards are: no statement mostly, two at the most, none without a category.
    """
    category = category_by_id(page.category_id)
    if category is None:
        return []
    tags = frozenset(page.tags)
    others = (one for one in _neighbours(category.category) if one.id != page.id)
    nearest = sorted(others, key=lambda one: (one.distance, -len(one.tags & tags)))
    # Candidates are as old as the category's last change; whether one of them is sold out is the card's to say.
    cards = product_cards([one.id for one in nearest[: limit + SPARE]])
    return [card for card in cards if card.in_stock][:limit]


def _neighbours(near: CategoryNode) -> tuple[Neighbour, ...]:
    """The liveliest of a category and of its department, in the recommended order."""
    department = near.parent_id or near.id

    def read(_keys: list[str]) -> dict[str, tuple[Neighbour, ...]]:
        found = rows(_neighbours_statement(), {"category_id": near.id, "department_id": department})
        return {key: tuple(Neighbour(row.product_id, frozenset(row.tags), row.distance) for row in found)}

    key, tags = f"near {near.id}", ("catalog", f"category:{department}")
    kept = remembered_each(CacheKind.PRODUCT_CARD, [key], tuple[Neighbour, ...], read, tags=lambda _key: tags)
    return kept[key]


@cache
def _neighbours_statement() -> sa.Select[Any]:
    near = sa.union_all(_liveliest("category_id", 0), _liveliest("department_id", 1)).subquery("near")
    nearest = (
        sa.select(near.c.product_id, sa.func.min(near.c.distance).label("distance"))
        .group_by(near.c.product_id)
        .subquery("nearest")
    )
    return (
        sa.select(listed.c.product_id, listed.c.tags, nearest.c.distance)
        .join(nearest, nearest.c.product_id == listed.c.product_id)
        .where(listed.c.available, visible())
        .order_by(listed.c.standing.desc(), listed.c.product_id)
    )


def _liveliest(category: str, distance: int) -> sa.Select[Any]:
    few = (
        sa.select(in_category.c.product_id)
        .where(in_category.c.category_id == sa.bindparam(category, type_=sa.Uuid()))
        .order_by(in_category.c.standing.desc(), in_category.c.product_id.desc())
        .limit(COMPARED)
        .subquery(category)
    )
    return sa.select(few.c.product_id, sa.literal_column(str(distance)).label("distance"))
