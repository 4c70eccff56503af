"""A batch of rows into the catalog: one upsert, the stock ledger beside it, all in one transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from storefront.catalog.models import Brand, Category, Product
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.slugs import slugify
from storefront.inventory.models import StockMovement
from storefront.inventory.services import fill_backorders
from storefront.journeys.catalog_import.rows import ProductRow, RowRefused

_COLUMN_OF = {"brand": "brand_id", "category": "category_id"}
_NOT_UPSERTED = {"sku", "parent_sku", "stock", "images"}
_LIVING = sa.text("deleted_at IS NULL")
_WRITTEN = (
    "id",
    "sku",
    "slug",
    "parent_id",
    "name",
    "brand_id",
    "category_id",
    "price",
    "compare_at_price",
    "cost",
    "stock_quantity",
    "low_stock_threshold",
    "weight",
    "barcode",
    "short_description",
    "description",
    "tags",
    "specifications",
    "options",
    "images",
    "is_featured",
    "is_active",
    "published_at",
)
"""The columns that a feed's row fills; the others keep what they have, or their defaults."""


@dataclass(slots=True)
class BatchResult:
    """How many rows were new, changed, or already as the feed has them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Existing:
    id: uuid.UUID
    slug: str
    parent_id: uuid.UUID | None
    stock_quantity: int
    reserved_quantity: int
    backorder_limit: int


class Taxonomy:
    """Brands by name and categories by path, made when first named. Lives as long as one import."""

    def __init__(self) -> None:
        self._brands: dict[str, uuid.UUID] = {}
        self._categories: dict[tuple[str, ...], uuid.UUID] = {}

    def forget(self) -> None:
        """A batch was rolled back: what it made is gone."""
        self._brands.clear()
        self._categories.clear()

    def brand(self, name: str) -> uuid.UUID:
        """The living brand of that name, whatever its case; made if there is none."""
        if name.lower() not in self._brands:
            found = session().scalar(
                sa.select(Brand.id).where(
                    sa.func.lower(Brand.name) == name.lower(), Brand.deleted_at.is_(None)
                )
            )
            self._brands[name.lower()] = found or self._insert(Brand, name, slugify(name))
        return self._brands[name.lower()]

    def category(self, path: tuple[str, ...]) -> uuid.UUID | None:
        """The category at the end of ``path``; the missing steps are made."""
        if not path:
            return None
        key = tuple(step.lower() for step in path)
        if key not in self._categories:
            parent = self.category(path[:-1])
            found = session().scalar(
                sa.select(Category.id).where(
                    sa.func.lower(Category.name) == key[-1],
                    Category.parent_id.is_not_distinct_from(parent),
                    Category.deleted_at.is_(None),
                )
            )
            own, longer = slugify(path[-1]), slugify("-".join(path))
            self._categories[key] = found or self._insert(Category, path[-1], own, longer, parent_id=parent)
        return self._categories[key]

    def _insert(
        self, model: type[Brand] | type[Category], name: str, *slugs: str, **values: Any
    ) -> uuid.UUID:
        fresh = new_id()
        taken = set(
            session().scalars(sa.select(model.slug).where(model.slug.in_(slugs), model.deleted_at.is_(None)))
        )
        slug = next((slug for slug in slugs if slug and slug not in taken), f"{slugs[-1]}-{fresh.hex[-6:]}")
        session().execute(sa.insert(model).values(id=fresh, name=name, slug=slug.lstrip("-"), **values))
        return fresh


def write_batch(
    rows: Sequence[ProductRow],
    taxonomy: Taxonomy,
    images_of: Callable[[ProductRow], list[dict[str, Any]]],
) -> BatchResult:
    """Upsert ``rows`` (all products, or all variants) by SKU. Raises what the database refuses.

    Raises :class:`RowRefused` for a single row that does not fit what is there (unknown parent, stock below
    what is held). Rows are locked in primary key order, as everywhere.
    """
    with transaction():
        existing = _lock_existing(row.sku for row in rows)
        parents = _parents(row.parent_sku for row in rows if row.parent_sku)
        slugs = _free_slugs([row for row in rows if row.sku not in existing])
        values = []
        for row in rows:
            known = existing.get(row.sku)
            _check_fit(row, known, parents)
            values.append(_values(row, known, parents, slugs, taxonomy, images_of))
        changed = _upsert(values, _updated_columns(rows[0]))
        _write_stock(rows, existing, {value["sku"]: value["id"] for value in values})
    created = sum(1 for row in rows if row.sku not in existing)
    updated = len(changed & set(existing))
    return BatchResult(created, updated, len(rows) - created - updated)


def _lock_existing(skus: Iterable[str]) -> dict[str, _Existing]:
    found = session().execute(
        sa.select(
            Product.sku,
            Product.id,
            Product.slug,
            Product.parent_id,
            Product.stock_quantity,
            Product.reserved_quantity,
            Product.backorder_limit,
        )
        .where(Product.sku.in_(list(skus)), Product.deleted_at.is_(None))
        .order_by(Product.id)
        .with_for_update()
    )
    return {row.sku: _Existing(*row[1:]) for row in found}


def _parents(skus: Iterable[str]) -> dict[str, tuple[uuid.UUID, uuid.UUID | None, uuid.UUID | None]]:
    found = session().execute(
        sa.select(Product.sku, Product.id, Product.brand_id, Product.category_id).where(
            Product.sku.in_(list(skus)), Product.parent_id.is_(None), Product.deleted_at.is_(None)
        )
    )
    return {sku: (key, brand, category) for sku, key, brand, category in found}


def _check_fit(row: ProductRow, known: _Existing | None, parents: dict[str, Any]) -> None:
    if row.parent_sku and row.parent_sku not in parents:
        raise RowRefused(f"its parent {row.parent_sku!r} is not in the catalog")
    if known is None:
        return
    parent_id = parents[row.parent_sku][0] if row.parent_sku else None
    if known.parent_id != parent_id:
        raise RowRefused("the product of this SKU has another parent; a variant cannot move")
    if row.stock is not None and row.stock + known.backorder_limit < known.reserved_quantity:
        raise RowRefused(f"the stock {row.stock} is less than the {known.reserved_quantity} held for orders")


def _free_slugs(rows: Sequence[ProductRow]) -> dict[str, str]:
    """A slug for each new SKU: from the name, with the SKU where the name is taken (variants always)."""
    plain = {row.sku: slugify(row.name) for row in rows}
    taken = set(
        session().scalars(
            sa.select(Product.slug).where(Product.slug.in_(plain.values()), Product.deleted_at.is_(None))
        )
    )
    chosen: dict[str, str] = {}
    for row in rows:
        slug = plain[row.sku]
        if not slug or slug in taken or row.parent_sku:
            slug = f"{slug}-{slugify(row.sku) or new_id().hex[-12:]}".strip("-")
        while slug in taken:
            slug = f"{slug}-{new_id().hex[-6:]}"
        taken.add(slug)
        chosen[row.sku] = slug
    return chosen


def _values(
    row: ProductRow,
    known: _Existing | None,
    parents: dict[str, Any],
    slugs: dict[str, str],
    taxonomy: Taxonomy,
    images_of: Callable[[ProductRow], list[dict[str, Any]]],
) -> dict[str, Any]:
    parent_id, brand_id, category_id = parents[row.parent_sku] if row.parent_sku else (None, None, None)
    return {
        "id": known.id if known else new_id(),
        "sku": row.sku,
        "slug": known.slug if known else slugs[row.sku],
        "parent_id": parent_id,
        "name": row.name,
        "brand_id": taxonomy.brand(row.brand) if row.brand else brand_id,
        "category_id": taxonomy.category(row.category) or category_id,
        "price": row.price,
        "compare_at_price": row.compare_at_price,
        "cost": row.cost,
        "stock_quantity": known.stock_quantity if known else row.stock or 0,
        "low_stock_threshold": 10 if row.low_stock_threshold is None else row.low_stock_threshold,
        "weight": row.weight,
        "barcode": row.barcode,
        "short_description": row.short_description,
        "description": row.description,
        "tags": row.tags,
        "specifications": row.specifications,
        "options": row.options,
        "images": images_of(row),
        "is_featured": row.is_featured,
        "is_active": row.is_active,
        "published_at": row.published_at or now(),
    }


def _updated_columns(row: ProductRow) -> list[str]:
    named = {_COLUMN_OF.get(name, name) for name in row.fields - _NOT_UPSERTED}
    return sorted(named | {"specifications"} | ({"images"} if "images" in row.fields else set()))


def _upsert(values: list[dict[str, Any]], columns: Sequence[str]) -> set[str]:
    """Insert or update; returns the SKUs that were written. A row that is already so is left alone.

    The batch travels as one JSON value: a statement with a parameter for each cell takes three times as long
    to compile as the database takes to run it.
    """
    written = session().scalars(_upsert_statement(tuple(columns)), {"feed": values})
    return set(written)


@cache
def _upsert_statement(columns: tuple[str, ...]) -> Any:
    table = cast(sa.Table, Product.__table__)
    typed = [sa.column(name, table.c[name].type) for name in _WRITTEN]
    given = sa.bindparam("feed", type_=_FeedJson())
    feed = sa.func.jsonb_to_recordset(given).table_valued(*typed, name="feed").render_derived(with_types=True)
    statement = insert(table).from_select(list(_WRITTEN), sa.select(*feed.c))
    new = statement.excluded
    differs = sa.or_(*(getattr(Product, name).is_distinct_from(new[name]) for name in columns))
    return statement.on_conflict_do_update(
        index_elements=[Product.sku],
        index_where=_LIVING,
        set_={**{name: new[name] for name in columns}, "version": Product.version + 1},
        where=differs,
    ).returning(Product.sku)


class _FeedJson(sa.types.TypeDecorator[Any]):
    """Rows as one jsonb value; amounts, ids and moments as their texts, which the record's types read."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return json.loads(json.dumps(value, default=str))


def _write_stock(
    rows: Sequence[ProductRow], existing: dict[str, _Existing], ids: dict[str, uuid.UUID]
) -> None:
    movements = []
    for row in rows:
        before = existing[row.sku].stock_quantity if row.sku in existing else 0
        if row.stock is not None and row.stock != before:
            movements.append((ids[row.sku], row.stock - before, row.sku in existing))
    if not movements:
        return
    for product_id, delta, is_known in sorted(movements):
        if is_known:
            session().execute(
                sa.update(Product)
                .where(Product.id == product_id)
                .values(stock_quantity=Product.stock_quantity + delta)
                .execution_options(synchronize_session=False)
            )
    session().execute(
        sa.insert(StockMovement),
        [{"product_id": key, "delta": delta, "reason": "import"} for key, delta, _known in movements],
    )
    fill_backorders([key for key, delta, is_known in movements if is_known and delta > 0])
