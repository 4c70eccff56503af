"""Products as documents, read from the listing's read model: one statement a batch, whoever asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.catalog.models import Product
from storefront.catalog.queries import category_by_id
from storefront.core.db import session
from storefront.search.elastic.mapping import LANGUAGES, LONGEST_VALUE, OTHER
from storefront.search.models import ProductSearch

_LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents by product, all as of ``version``: microseconds, by the database's clock, just before they were read.

    Whoever reads later has the higher version and the newer truth, so that the server can refuse what is overtaken.
    """

    version: int
    documents: Mapping[uuid.UUID, Mapping[str, Any]]


def documents_of(product_ids: Sequence[uuid.UUID]) -> Batch:
    """The documents of those products that are listed. At most two statements."""
    return _batch(_statement().where(ProductSearch.product_id.in_(product_ids)))


def all_documents(size: int) -> Iterator[Batch]:
    """The documents of all listed products, ``size`` at a time. The reader ends the transaction between two."""
    last = uuid.UUID(int=0)
    while True:
        following = _statement().where(ProductSearch.product_id > last)
        batch = _batch(following.order_by(ProductSearch.product_id).limit(size))
        if not batch.documents:
            return
        last = max(batch.documents)
        yield batch


def listed_products() -> int:
    """How many products have a row in the read model."""
    return session().scalar(sa.select(sa.func.count()).select_from(ProductSearch)) or 0


def products_with_vectors() -> int:
    """How many of them have an embedding in PostgreSQL."""
    having = sa.select(sa.func.count()).select_from(ProductSearch).where(ProductSearch.embedding.isnot(None))
    return session().scalar(having) or 0


def facet(kind: str, name: str, value: str) -> str:
    """One value of a facet as the index keeps it: ``kind|name|value``."""
    return f"{kind}|{name.replace('%', '%25').replace('|', '%7C')}|{value}"


def facet_parts(kept: str) -> tuple[str, str, str]:
    """Kind, name and value of what :func:`facet` made."""
    kind, name, value = kept.split("|", 2)
    return kind, name.replace("%7C", "|").replace("%25", "%"), value


def _batch(statement: Any) -> Batch:
    # A statement of its own, before the other's snapshot is taken.
    moment = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
    version = session().scalars(sa.select(moment)).one()
    rows = session().execute(statement).all()
    return Batch(version, {row.product_id: _document(row) for row in rows})


def _statement() -> Any:
    variant = aliased(Product)
    living = (variant.parent_id == ProductSearch.product_id, variant.deleted_at.is_(None), variant.is_active)

    def of_variants(column: Any) -> sa.ScalarSelect[Any]:
        return sa.select(sa.func.array_agg(column)).where(*living).scalar_subquery()

    listing = ProductSearch
    return (
        sa.select(
            listing.product_id,
            listing.language,
            listing.name,
            listing.sort_name,
            listing.sku,
            listing.brand_name,
            listing.brand_slug,
            listing.category_path,
            listing.price_min,
            listing.rating_average,
            listing.rating_count,
            listing.available,
            listing.is_featured,
            listing.tags,
            listing.facets,
            listing.popularity,
            listing.published_at,
            listing.embedding,
            Product.barcode,
            Product.short_description,
            Product.description,
            Product.specifications,
            of_variants(variant.sku).label("variant_skus"),
            of_variants(variant.barcode).label("variant_barcodes"),
        )
        .select_from(listing)
        .join(Product, Product.id == listing.product_id)
    )


def _document(row: sa.Row[Any]) -> dict[str, Any]:
    categories = [page.category.name for page in map(category_by_id, row.category_path) if page]
    around = [name for name in (row.brand_name, *categories, *row.tags) if name]
    code = row.language[:2]
    words = {
        "name": row.name,
        "brand": row.brand_name,
        "category": categories,
        "tags": row.tags,
        "specifications": list(_specification_words(row.specifications)),
        "short_description": row.short_description,
        "description": (row.description or "")[:_LONGEST_TEXT],
    }
    document: dict[str, Any] = {
        "product_id": str(row.product_id),
        "language": row.language,
        "words": {code if code in LANGUAGES else OTHER: {name: text for name, text in words.items() if text}},
        "name": row.name,
        "around": around,
        "numbers": sorted(
            {row.sku, row.barcode, *(row.variant_skus or ()), *(row.variant_barcodes or ())} - {None}
        ),
        "facets": list(_facets(row)),
        "specification_names": sorted(row.facets.get("specifications", {})),
        "brand_slug": row.brand_slug,
        "price": float(row.price_min),
        "rating": float(row.rating_average),
        "rating_count": row.rating_count,
        "stars": int(row.rating_average),
        "available": row.available,
        "is_featured": row.is_featured,
        "popularity": row.popularity,
        "sort_name": row.sort_name,
        "published_at": row.published_at.isoformat(timespec="milliseconds"),
    }
    if row.embedding is not None:
        document["vector"] = [round(float(part), 6) for part in row.embedding]
    return document


def _facets(row: sa.Row[Any]) -> Iterator[str]:
    if row.brand_slug:
        # Brands are told apart by their slugs and shown by their names: both come back with the count.
        yield facet("brand", row.brand_name, row.brand_slug)
    for category_id in row.category_path:
        yield facet("category", "", str(category_id))
    for tag in row.tags:
        if len(tag) <= LONGEST_VALUE:
            yield facet("tag", "", tag)
    for kind, group in (("option", "options"), ("specification", "specifications")):
        for name, values in row.facets.get(group, {}).items():
            for value in values:
                if len(value) <= LONGEST_VALUE:
                    yield facet(kind, name, value)


def _specification_words(specifications: Any) -> Iterator[str]:
    """Each specification as words: its name and its values. Whatever is no value or list of values is left out."""
    if not isinstance(specifications, Mapping):
        return
    for name, value in specifications.items():
        values: Iterable[Any] = value if isinstance(value, list) else [value]
        texts = [str(one) for one in values if isinstance(one, str | int | float)]
        if texts:
            yield f"{name} {' '.join(texts)}"[:_LONGEST_TEXT]
