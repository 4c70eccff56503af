"""A product page: the product, its variants and the choice among them, in one statement."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.catalog.models import Brand, Product
from storefront.catalog.queries.cards import Image, image_from, listed
from storefront.catalog.queries.choice import Selection, Variant, look_first, select_variant
from storefront.catalog.queries.tree import Breadcrumb, category_by_id
from storefront.core.clock import now
from storefront.core.statements import rows


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything about one product. ``asked_sku`` is the variant whose own slug or SKU was asked for."""

    id: uuid.UUID
    slug: str
    sku: str
    name: str
    brand: str | None
    brand_slug: str | None
    description: str
    short_description: str
    language: str
    currency: str
    price_from: Decimal
    price_to: Decimal
    images: tuple[Image, ...]
    specifications: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    barcode: str | None
    category_id: uuid.UUID | None
    breadcrumb: tuple[Breadcrumb, ...]
    variants: tuple[Variant, ...]
    option_names: tuple[str, ...]
    rating: Decimal | None
    review_count: int
    asked_sku: str | None

    @property
    def has_variants(self) -> bool:
        """Whether one of several variants has to be chosen before buying."""
        return bool(self.option_names)

    def select(self, *, sku: str | None = None, options: Mapping[str, str] | None = None) -> Selection:
        """The state of the choice (see :func:`select_variant`); the product's own pictures fill in for missing ones."""
        selection = select_variant(self.variants, self.option_names, sku=sku, options=options)
        return selection if selection.images else replace(selection, images=self.images)


def product_page(slug: str) -> ProductPage | None:
    """The listed product that answers to ``slug`` (or to this SKU), or None. One statement.

    A variant's slug or SKU answers with its parent, ``asked_sku`` naming the variant.
    """
    found = rows(_family_statement(), {"slug": slug})
    parent = next((row for row in found if row.parent_id is None), None)
    if parent is None or parent.published_at is None or parent.published_at > now():
        return None
    return _page(parent, [row for row in found if row.parent_id is not None])


@cache
def _family_statement() -> sa.Select[Any]:
    asked = aliased(Product)
    slug = sa.bindparam("slug", type_=sa.Text())
    # Slugs are lower case and SKUs as staff write them; a slug wins over an equal SKU.
    chosen = (
        sa.select(asked.id, sa.func.coalesce(asked.parent_id, asked.id).label("family_id"))
        .where(sa.or_(asked.slug == slug, asked.sku == slug), asked.deleted_at.is_(None), asked.is_active)
        .order_by((asked.slug == slug).desc())
        .limit(1)
        .cte("chosen")
    )
    columns: tuple[Any, ...] = (
        *_PRODUCT_COLUMNS,
        chosen.c.id.label("asked_id"),
        Brand.name.label("brand_name"),
        Brand.slug.label("brand_slug"),
        listed.c.rating_average,
        listed.c.rating_count,
    )
    return (
        sa.select(*columns)
        .join(chosen, sa.or_(Product.id == chosen.c.family_id, Product.parent_id == chosen.c.family_id))
        .join(Brand, sa.and_(Brand.id == Product.brand_id, Brand.deleted_at.is_(None)), isouter=True)
        .join(listed, listed.c.product_id == Product.id, isouter=True)
        .where(Product.deleted_at.is_(None), Product.is_active)
        .order_by(Product.parent_id.isnot(None), Product.created_at, Product.id)
    )


_PRODUCT_COLUMNS = (
    Product.id,
    Product.parent_id,
    Product.slug,
    Product.sku,
    Product.name,
    Product.description,
    Product.short_description,
    Product.language,
    Product.currency,
    Product.price,
    Product.compare_at_price,
    Product.stock_quantity,
    Product.reserved_quantity,
    Product.backorder_limit,
    Product.weight,
    Product.images,
    Product.specifications,
    Product.options,
    Product.tags,
    Product.barcode,
    Product.category_id,
    Product.published_at,
)


def _page(parent: sa.Row[Any], children: Sequence[sa.Row[Any]]) -> ProductPage:
    variants = tuple(_variant(row) for row in (children or [parent]))
    if children and parent.asked_id != parent.id:
        asked_sku = next((row.sku for row in children if row.id == parent.asked_id), None)
    else:
        asked_sku = None
    names = sorted({name for variant in variants for name in variant.options}, key=look_first)
    category = category_by_id(parent.category_id)
    prices = [variant.price for variant in variants]
    return ProductPage(
        id=parent.id,
        slug=parent.slug,
        sku=parent.sku,
        name=parent.name,
        brand=parent.brand_name,
        brand_slug=parent.brand_slug,
        description=parent.description or "",
        short_description=parent.short_description or "",
        language=parent.language,
        currency=parent.currency,
        price_from=min(prices),
        price_to=max(prices),
        images=_images(parent),
        specifications=_specifications(parent.specifications),
        tags=tuple(parent.tags),
        barcode=parent.barcode,
        category_id=parent.category_id,
        breadcrumb=category.trail if category else (),
        variants=variants,
        option_names=tuple(names) if children else (),
        rating=parent.rating_average if parent.rating_count else None,
        review_count=parent.rating_count or 0,
        asked_sku=asked_sku,
    )


def _variant(row: sa.Row[Any]) -> Variant:
    return Variant(
        id=row.id,
        sku=row.sku,
        slug=row.slug,
        name=row.name,
        options={name: _text(row.options[name]) for name in sorted(row.options or {}, key=look_first)},
        price=row.price,
        compare_at_price=row.compare_at_price,
        available=max(0, row.stock_quantity + row.backorder_limit - row.reserved_quantity),
        weight=row.weight,
        images=_images(row),
        on_shelf=max(0, row.stock_quantity - row.reserved_quantity),
    )


def _images(row: sa.Row[Any]) -> tuple[Image, ...]:
    found = (image_from(stored, row.name) for stored in row.images or ())
    return tuple(image for image in found if image)


def _specifications(stored: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    rows = ((str(name), _text(value)) for name, value in (stored or {}).items())
    return tuple(sorted((name, value) for name, value in rows if value))


def _text(value: Any) -> str:
    """A stored value as a shopper reads it: lists with commas, yes and no, no trailing ``.0``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return str(value)
