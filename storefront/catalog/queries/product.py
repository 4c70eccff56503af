"""A product page: the product, its variants and the choice among them, in one statement; related ones in another."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from storefront.catalog.models import Brand, Product
from storefront.catalog.queries.cards import (
    CARD_COLUMNS,
    Image,
    ProductCard,
    card_from,
    image_from,
    listed,
    visible,
)
from storefront.catalog.queries.tree import Breadcrumb, category_by_id
from storefront.core.clock import now
from storefront.core.db import session

LOOK_AXES = frozenset({"colour", "color", "pattern", "finish"})
"""Options that change only the look: the page chooses the first one itself and shows it in the pictures."""


_RELATED_COMPARED = 60


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be put into the cart: a variant, or the product itself when it has none.

    ``available`` is how many can be ordered now, goods on order included; ``price`` is per unit, tax included.
    """

    id: uuid.UUID
    sku: str
    slug: str
    name: str
    options: Mapping[str, str]
    price: Decimal
    compare_at_price: Decimal | None
    available: int
    weight: Decimal | None
    images: tuple[Image, ...]

    @property
    def in_stock(self) -> bool:
        """Whether at least one can be ordered now."""
        return self.available > 0


@dataclass(frozen=True, slots=True)
class OptionValue:
    """One choice of an option. ``available``: some variant with it, and with the rest as chosen, is in stock."""

    value: str
    label: str
    selected: bool
    available: bool


@dataclass(frozen=True, slots=True)
class OptionAxis:
    """An option of the product (size, colour) with its values in the order staff gave the variants."""

    name: str
    values: tuple[OptionValue, ...]
    is_look: bool

    @property
    def chosen(self) -> str | None:
        """The chosen value, or None."""
        return next((value.value for value in self.values if value.selected), None)


@dataclass(frozen=True, slots=True)
class Selection:
    """What the shopper has chosen so far: the variant once all options are chosen, and the pictures that fit."""

    axes: tuple[OptionAxis, ...]
    variant: Variant | None
    images: tuple[Image, ...]
    missing: tuple[str, ...]


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
        """The state of the choice: a variant's ``sku``, with ``options`` chosen on top of it.

        Unknown SKUs, options and values count as not chosen. An option with one value, and the look of the
        first variant in stock, are chosen by themselves; a size is not, because nobody should get a wrong one.
        """
        if not self.has_variants:
            only = self.variants[0]
            return Selection((), only, only.images or self.images, ())
        chosen = self._chosen(sku, options or {})
        fitting = _fitting(self.variants, chosen)
        missing = tuple(name for name in self.option_names if name not in chosen)
        variant = fitting[0] if fitting and not missing else None
        shown = next((one.images for one in (*fitting, *self.variants) if one.images), ()) or self.images
        axes = tuple(self._axis(name, chosen) for name in self.option_names)
        return Selection(axes, variant, shown, missing)

    def _chosen(self, sku: str | None, options: Mapping[str, str]) -> dict[str, str]:
        asked = next((variant for variant in self.variants if sku and variant.sku == sku), None)
        chosen = dict(asked.options) if asked else {}
        known = {name: _values(self.variants, name) for name in self.option_names}
        chosen.update((name, value) for name, value in options.items() if value in known.get(name, ()))
        for name, values in known.items():
            if len(values) == 1:
                chosen[name] = values[0]
        fitting = _fitting(self.variants, chosen) or self.variants
        first = next((variant for variant in fitting if variant.in_stock), fitting[0])
        for name in self.option_names:
            if name.lower() in LOOK_AXES and name in first.options:
                chosen.setdefault(name, first.options[name])
        return chosen

    def _axis(self, name: str, chosen: Mapping[str, str]) -> OptionAxis:
        others = {key: value for key, value in chosen.items() if key != name}
        values = []
        for value in _values(self.variants, name):
            fitting = _fitting(self.variants, {**others, name: value})
            in_stock = any(variant.in_stock for variant in fitting)
            values.append(OptionValue(value, value, chosen.get(name) == value, in_stock))
        return OptionAxis(name, tuple(values), name.lower() in LOOK_AXES)


def _fitting(variants: Iterable[Variant], chosen: Mapping[str, str]) -> list[Variant]:
    return [one for one in variants if all(one.options.get(name) == value for name, value in chosen.items())]


def _values(variants: Iterable[Variant], name: str) -> list[str]:
    found = (variant.options.get(name) for variant in variants)
    return list(dict.fromkeys(value for value in found if value is not None))


def product_page(slug: str) -> ProductPage | None:
    """The listed product that answers to ``slug`` (or to this SKU), or None. One statement.

    A variant's slug or SKU answers with its parent, ``asked_sku`` naming the variant.
    """
    rows = session().execute(_family_statement(), {"slug": slug}).all()
    parent = next((row for row in rows if row.parent_id is None), None)
    if parent is None or parent.published_at is None or parent.published_at > now():
        return None
    return _page(parent, [row for row in rows if row.parent_id is not None])


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
    names = sorted({name for variant in variants for name in variant.options}, key=_look_first)
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
        options={name: _text(row.options[name]) for name in sorted(row.options or {}, key=_look_first)},
        price=row.price,
        compare_at_price=row.compare_at_price,
        available=max(0, row.stock_quantity + row.backorder_limit - row.reserved_quantity),
        weight=row.weight,
        images=_images(row),
    )


def _look_first(name: str) -> tuple[bool, str]:
    """The order of options: jsonb keeps none. The look comes first, because it changes the pictures."""
    return (name.lower() not in LOOK_AXES, name)


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


def related_products(page: ProductPage, limit: int = 8) -> list[ProductCard]:
    """Products of the same department: the same category first, then those that share most tags.

    One statement, none without a category.
    """
    category = category_by_id(page.category_id)
    if category is None:
        return []
    near = category.category
    where = {
        "department_ids": [near.parent_id or near.id],
        "category_id": near.id,
        "product_id": page.id,
    }
    rows = session().execute(_related_statement(), where)
    wanted = set(page.tags)
    ranked = sorted(rows, key=lambda row: (row.category_id != near.id, -len(wanted.intersection(row.tags))))
    return [card_from(row) for row in ranked[:limit]]


@cache
def _related_statement() -> sa.Select[Any]:
    same_category = listed.c.category_id == sa.bindparam("category_id", type_=sa.Uuid())
    return (
        sa.select(*CARD_COLUMNS, listed.c.tags, listed.c.category_id)
        .where(
            listed.c.category_path.contains(sa.bindparam("department_ids", type_=ARRAY(sa.Uuid()))),
            listed.c.product_id != sa.bindparam("product_id", type_=sa.Uuid()),
            listed.c.available,
            visible(),
        )
        .order_by(same_category.desc(), listed.c.popularity.desc(), listed.c.product_id)
        # Only the liveliest are compared: ranking all of a large department buys the shopper nothing.
        .limit(_RELATED_COMPARED)
    )
