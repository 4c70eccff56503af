"""The books' products into the catalog: a product that holds its variants, with stock where they are available."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.catalog.models import Product
from storefront.core.db import session, write
from storefront.core.external_ids import Known, known_by_external_id, remember_external_ids
from storefront.journeys.catalog_import.rows import ProductRow
from storefront.journeys.catalog_import.writing import BatchResult, Taxonomy, write_batch
from storefront.journeys.orders_import.reading import Entry
from storefront.journeys.orders_import.records import ProductRecord, RecordRefused

# What the books say of a product; the category, texts and pictures that our own people add stay theirs.
_FIELDS = frozenset({"sku", "parent_sku", "name", "price", "stock", "options", "is_active"})


def write_products(entries: Sequence[Entry[ProductRecord]], available_units: int) -> BatchResult:
    """Write these products in the current transaction; those whose record has not changed are left alone.

    The books say whether there is any of a variant, not how many: one that is newly available gets
    ``available_units`` units, one that still is keeps its stock, one that is not any more keeps what is held for
    orders. Raises :class:`RecordRefused`, :class:`RowRefused` and what the database refuses.
    """
    known = known_by_external_id("product", [entry.record.key for entry in entries])
    changed = [entry for entry in entries if not _is_same(entry, known.get(entry.record.key))]
    if not changed:
        return BatchResult(unchanged=len(entries))
    _refuse_taken_skus([entry.record for entry in changed], known)
    write_batch([_parent_row(entry) for entry in changed], Taxonomy(), lambda _row: [])
    stock = _stock([item_id for entry in changed for item_id in entry.record.variants])
    rows = [row for entry in changed for row in _variant_rows(entry, stock, available_units)]
    write_batch(rows, Taxonomy(), lambda _row: [])
    ids = _ids([entry.record.key for entry in changed])
    for entry in changed:
        _withdraw_others(ids[entry.record.key], list(entry.record.variants))
    remember_external_ids(
        "product", {entry.record.key: Known(ids[entry.record.key], entry.digest) for entry in changed}
    )
    created = sum(entry.record.key not in known for entry in changed)
    return BatchResult(created, len(changed) - created, len(entries) - len(changed))


def _is_same(entry: Entry[ProductRecord], known: Known | None) -> bool:
    return known is not None and known.digest == entry.digest


def _refuse_taken_skus(records: Sequence[ProductRecord], known: dict[str, Known]) -> None:
    """An outside id may be the SKU of one of our own products, which no other shop's books may change."""
    holder = {item_id: record.key for record in records for item_id in (record.key, *record.variants)}
    rows = session().execute(
        sa.select(Product.sku, sa.func.coalesce(Product.parent_id, Product.id)).where(
            Product.sku.in_(holder), Product.deleted_at.is_(None)
        )
    )
    for sku, family in rows:
        owner = known.get(holder[sku])
        if owner is None or owner.row_id != family:
            raise RecordRefused(f"{sku} is the SKU of another product here")


def _parent_row(entry: Entry[ProductRecord]) -> ProductRow:
    record = entry.record
    lowest = min(variant.price for variant in record.variants.values())
    return ProductRow(
        entry.place, record.key, name=record.name, price=lowest, fields=_FIELDS - {"stock", "parent_sku"}
    )


def _variant_rows(
    entry: Entry[ProductRecord], stock: dict[str, tuple[int, int]], available_units: int
) -> list[ProductRow]:
    rows = []
    for variant in entry.record.variants.values():
        there, held = stock.get(variant.item_id, (0, 0))
        rows.append(
            ProductRow(
                entry.place,
                variant.item_id,
                parent_sku=entry.record.key,
                name=entry.record.name,
                price=variant.price,
                stock=(there or available_units) if variant.available else min(there, held),
                options=dict(variant.options),
                fields=_FIELDS,
            )
        )
    return rows


def _stock(skus: Sequence[str]) -> dict[str, tuple[int, int]]:
    rows = session().execute(
        sa.select(Product.sku, Product.stock_quantity, Product.reserved_quantity).where(
            Product.sku.in_(skus), Product.deleted_at.is_(None)
        )
    )
    return {sku: (there, held) for sku, there, held in rows}


def _ids(skus: Sequence[str]) -> dict[str, uuid.UUID]:
    rows = session().execute(
        sa.select(Product.sku, Product.id).where(Product.sku.in_(skus), Product.deleted_at.is_(None))
    )
    return dict(rows.all())


def _withdraw_others(parent_id: uuid.UUID, skus: Sequence[str]) -> None:
    """Variants that the books no longer name are not offered any more; orders keep pointing at them."""
    write(
        sa.update(Product)
        .where(Product.parent_id == parent_id, Product.sku.not_in(skus), Product.is_active)
        .values(is_active=False)
    )


def variants_by_sku(skus: Sequence[str]) -> dict[tuple[str, str], uuid.UUID]:
    """The products behind order lines: by the outside ids of product and variant together. One statement."""
    parent = aliased(Product)
    rows = session().execute(
        sa.select(parent.sku, Product.sku, Product.id)
        .join(parent, parent.id == Product.parent_id)
        .where(Product.sku.in_(skus), Product.deleted_at.is_(None))
    )
    return {(family, sku): product_id for family, sku, product_id in rows}
