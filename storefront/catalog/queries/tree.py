"""The category tree: read in one recursive statement, remembered for all processes, at hand in each for a moment.

Every page shows it in the header, and it changes a few times a month. At most :data:`SECONDS_AT_HAND` after a change
is forgotten everybody sees it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from storefront.catalog.models import Category
from storefront.catalog.queries.cards import Image, image_from
from storefront.core.cache import CacheKind, remembered
from storefront.core.db import login, session

SECONDS_AT_HAND = 1.0
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """One step on the way from the shop's front door."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A category with its children in the order staff gave them. ``extra`` is its free-form metadata."""

    id: uuid.UUID
    name: str
    slug: str
    description: str
    parent_id: uuid.UUID | None
    image: Image | None
    extra: Mapping[str, Any]
    children: tuple[CategoryNode, ...]


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """A category with the way to it; the breadcrumb ends with its parent."""

    category: CategoryNode
    breadcrumb: tuple[Breadcrumb, ...]

    @property
    def children(self) -> tuple[CategoryNode, ...]:
        """The categories directly below."""
        return self.category.children

    @property
    def trail(self) -> tuple[Breadcrumb, ...]:
        """The breadcrumb with the category itself at its end."""
        return (*self.breadcrumb, Breadcrumb(self.category.name, self.category.slug))


@dataclass(slots=True)
class _Tree:
    roots: tuple[CategoryNode, ...]
    read_at: float
    by_slug: dict[str, CategoryPage] = field(default_factory=dict)
    by_id: dict[uuid.UUID, CategoryPage] = field(default_factory=dict)

    def index(self, nodes: tuple[CategoryNode, ...], above: tuple[Breadcrumb, ...] = ()) -> None:
        for node in nodes:
            page = CategoryPage(node, above)
            self.by_slug[node.slug] = page
            self.by_id[node.id] = page
            self.index(node.children, page.trail)


_kept: dict[str, _Tree] = {}


def category_tree() -> list[CategoryNode]:
    """The active categories without a parent, each with its descendants. At most one statement."""
    return list(_tree().roots)


def category_by_slug(slug: str) -> CategoryPage | None:
    """The category that answers to ``slug``, or None. No statement while the tree is fresh."""
    return _tree().by_slug.get(slug)


def category_by_id(category_id: uuid.UUID | None) -> CategoryPage | None:
    """The category ``category_id``, or None where it is unknown or not active."""
    return _tree().by_id.get(category_id) if category_id else None


def forget_category_tree() -> None:
    """This process has nothing at hand: it looks again at the next use."""
    _kept.clear()


def _tree() -> _Tree:
    # Keyed by the login: what a restricted login may see never answers for another one.
    key = login()
    kept = _kept.get(key)
    if kept is None or time.monotonic() - kept.read_at > SECONDS_AT_HAND:
        roots = remembered(
            CacheKind.CATEGORY_TREE, key, tuple[CategoryNode, ...], _read_roots, tags=("catalog",)
        )
        kept = _Tree(roots, time.monotonic())
        kept.index(kept.roots)
        _kept[key] = kept
    return kept


def _read_roots() -> tuple[CategoryNode, ...]:
    columns = (
        Category.id,
        Category.name,
        Category.slug,
        Category.description,
        Category.parent_id,
        Category.image_url,
        Category.extra.label("extra"),
        Category.sort_order,
    )
    living = (Category.deleted_at.is_(None), Category.is_active)
    roots = sa.select(*columns, sa.literal(1).label("depth")).where(Category.parent_id.is_(None), *living)
    tree = roots.cte("tree", recursive=True)
    below = (
        sa.select(*columns, tree.c.depth + 1)
        .join(tree, Category.parent_id == tree.c.id)
        .where(*living, tree.c.depth < _DEEPEST)
    )
    tree = tree.union_all(below)
    rows = session().execute(sa.select(tree).order_by(tree.c.sort_order, tree.c.name)).all()
    by_parent: dict[uuid.UUID | None, list[sa.Row[Any]]] = {}
    for row in rows:
        by_parent.setdefault(row.parent_id, []).append(row)

    def nodes(parent_id: uuid.UUID | None) -> tuple[CategoryNode, ...]:
        return tuple(_node(row, nodes(row.id)) for row in by_parent.get(parent_id, ()))

    return nodes(None)


def _node(row: sa.Row[Any], children: tuple[CategoryNode, ...]) -> CategoryNode:
    extra = row.extra or {}
    image = extra.get("image") or ({"key": row.image_url} if row.image_url else None)
    return CategoryNode(
        id=row.id,
        name=row.name,
        slug=row.slug,
        description=row.description or "",
        parent_id=row.parent_id,
        image=image_from(image, row.name),
        extra=extra,
        children=children,
    )
