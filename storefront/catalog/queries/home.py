"""The first page: what is featured, new and reduced, and a picture for each department."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from storefront.catalog.queries.cards import (
    CARD_COLUMNS,
    Image,
    ProductCard,
    card_from,
    image_from,
    in_category,
    listed,
    visible,
)
from storefront.catalog.queries.tree import CategoryNode, category_tree
from storefront.core.cache import CacheKind, remembered
from storefront.core.db import session

FEATURED_FROM = 6.0
"""``standing`` adds 4 for what is available and 2 for what is featured; all else together is less than 2."""

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class CategoryTile:
    """A department with the picture of its liveliest product, unless staff gave it one of its own."""

    name: str
    slug: str
    description: str
    image: Image | None


@dataclass(frozen=True, slots=True)
class Feature:
    """A text that staff wrote about a category for the first page."""

    title: str
    text: str
    action: str
    slug: str
    image: Image | None


@dataclass(frozen=True, slots=True)
class HomePage:
    """The first page's lists. ``hero`` and ``stories`` come from the categories' metadata."""

    hero: Feature | None
    tiles: tuple[CategoryTile, ...]
    featured: tuple[ProductCard, ...]
    newest: tuple[ProductCard, ...]
    reduced: tuple[ProductCard, ...]
    stories: tuple[Feature, ...]


def home_page() -> HomePage:
    """The first page: remembered, or made in two statements; the category tree has a memory of its own."""
    return remembered(CacheKind.HOME, "", HomePage, _home_page, tags=("catalog", "products"))


def _home_page() -> HomePage:
    roots = category_tree()
    told = [node for root in roots for node in (root, *root.children) if _tells(node)]
    pictures = _pictures([*roots, *told])
    lists = _lists()
    heroes = [_feature(node, node.extra["hero"], pictures) for node in told if "hero" in node.extra]
    stories = [_feature(node, node.extra["story"], pictures) for node in told if "story" in node.extra]
    tiles = [
        CategoryTile(node.name, node.slug, node.description, node.image or pictures.get(node.slug))
        for node in roots
    ]
    return HomePage(
        hero=heroes[0] if heroes else None,
        tiles=tuple(tiles),
        featured=tuple(lists.get("featured", ())),
        newest=tuple(lists.get("newest", ())),
        reduced=tuple(lists.get("reduced", ())),
        stories=tuple(stories),
    )


def _tells(node: CategoryNode) -> bool:
    return any(isinstance(node.extra.get(kind), Mapping) for kind in ("hero", "story"))


def _feature(node: CategoryNode, told: Mapping[str, Any], pictures: Mapping[str, Image]) -> Feature:
    return Feature(
        title=str(told.get("title") or node.name),
        text=str(told.get("text") or node.description),
        action=str(told.get("action") or node.name),
        slug=node.slug,
        image=image_from(told.get("image"), node.name) or node.image or pictures.get(node.slug),
    )


@cache
def _lists_statement() -> sa.CompoundSelect[Any]:
    liveliest = (listed.c.standing.desc(), listed.c.product_id.desc())
    newest_first = (listed.c.published_at.desc(), listed.c.product_id.desc())
    parts = (
        # What is featured and available stands before all else: one range of the index says whether there is any.
        _part("featured", sa.and_(listed.c.standing >= FEATURED_FROM, listed.c.is_featured), liveliest),
        _part("newest", listed.c.available, newest_first),
        _part("reduced", sa.and_(listed.c.compare_at_price.isnot(None), listed.c.available), liveliest),
    )
    return sa.union_all(*(sa.select(part) for part in parts))


def _lists() -> dict[str, list[ProductCard]]:
    rows = session().execute(_lists_statement())
    lists: dict[str, list[ProductCard]] = {}
    for row in rows:
        lists.setdefault(row.list_name, []).append(card_from(row))
    return lists


def _part(
    name: str, condition: sa.ColumnElement[bool], order: tuple[sa.ColumnElement[Any], ...]
) -> sa.Subquery:
    return (
        sa.select(*CARD_COLUMNS, sa.literal(name).label("list_name"))
        .where(condition, visible())
        .order_by(*order)
        .limit(_SHOWN)
        .subquery(name)
    )


# A category without pictures is not searched for one from end to end.
_LOOKED_AT = 50


def _pictures(nodes: list[CategoryNode]) -> dict[str, Image]:
    """By category slug, the picture of its liveliest product."""
    ids = {node.id: node.slug for node in nodes if node.image is None}
    if not ids:
        return {}
    rows = session().execute(_pictures_statement(), {"category_ids": list(ids)})
    found = ((ids[row.id], image_from(row.image, row.name)) for row in rows)
    return {slug: image for slug, image in found if image}


@cache
def _pictures_statement() -> sa.Select[Any]:
    wanted = (
        sa.func.unnest(sa.bindparam("category_ids", type_=sa.ARRAY(sa.Uuid())))
        .table_valued("id")
        .render_derived()
    )
    best_first = (in_category.c.standing.desc(), in_category.c.product_id.desc())
    best = (
        sa.select(in_category.c.product_id, in_category.c.standing)
        .where(in_category.c.category_id == wanted.c.id)
        .order_by(*best_first)
        .limit(_LOOKED_AT)
        .correlate(wanted)
        .lateral("best")
    )
    liveliest = (
        sa.select(listed.c.image, listed.c.name)
        .select_from(best)
        .join(listed, best.c.product_id == listed.c.product_id)
        .where(listed.c.image.isnot(None), visible())
        .order_by(best.c.standing.desc(), best.c.product_id.desc())
        .limit(1)
        .lateral("liveliest")
    )
    return sa.select(wanted.c.id, liveliest.c.image, liveliest.c.name).join(liveliest, sa.true())
