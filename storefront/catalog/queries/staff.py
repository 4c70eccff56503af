"""The catalog as staff see it: drafts and hidden products too."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.catalog.models import Brand, Category, Product
from storefront.catalog.queries.cards import Image, image_from
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.pagination import Page

STATES = ("all", "active", "hidden", "featured", "low")
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class StaffProduct:
    """A product or variant in a staff list. ``stock`` counts all units, ``reserved`` those held for orders."""

    id: uuid.UUID
    sku: str
    name: str
    parent_name: str | None
    brand: str | None
    category: str | None
    price: Decimal
    currency: str
    stock: int
    reserved: int
    low_stock_threshold: int
    is_active: bool
    is_featured: bool
    image: Image | None

    @property
    def is_low(self) -> bool:
        """Whether as few units are left as staff wanted to know of."""
        return self.stock - self.reserved <= self.low_stock_threshold


@dataclass(frozen=True, slots=True)
class EditableProduct:
    """A product with everything its edit form holds; ``version`` is the edit guard."""

    id: uuid.UUID
    version: int
    sku: str
    slug: str
    name: str
    parent_id: uuid.UUID | None
    short_description: str | None
    description: str | None
    price: Decimal
    compare_at_price: Decimal | None
    currency: str
    category_id: uuid.UUID | None
    brand_id: uuid.UUID | None
    tags: tuple[str, ...]
    stock: int
    reserved: int
    low_stock_threshold: int
    backorder_limit: int
    is_active: bool
    is_featured: bool
    images: tuple[Image, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of a select box."""

    id: uuid.UUID
    name: str


def staff_products(
    text: str = "", state: str = "all", page: int = 1, *, sellable_only: bool = False
) -> Page[StaffProduct]:
    """Products by name or SKU, the latest changed first; parents and variants alike. Two statements.

    ``sellable_only`` leaves out parents of variants, which have no stock of their own.
    """
    parent = aliased(Product)
    wanted = [Product.deleted_at.is_(None), *_state(state)]
    if text:
        like = "%" + text.replace("%", r"\%").replace("_", r"\_") + "%"
        wanted.append(sa.or_(Product.name.ilike(like), Product.sku.ilike(like)))
    if sellable_only:
        child = aliased(Product)
        wanted.append(~sa.exists().where(child.parent_id == Product.id, child.deleted_at.is_(None)))
    total = session().scalar(sa.select(sa.func.count()).select_from(Product).where(*wanted)) or 0
    rows = session().execute(
        sa.select(
            Product.id,
            Product.sku,
            Product.name,
            parent.name.label("parent_name"),
            Brand.name.label("brand"),
            Category.name.label("category"),
            Product.price,
            Product.currency,
            Product.stock_quantity.label("stock"),
            Product.reserved_quantity.label("reserved"),
            Product.low_stock_threshold,
            Product.is_active,
            Product.is_featured,
            Product.images[0].label("image"),
        )
        .join(parent, parent.id == Product.parent_id, isouter=True)
        .join(Brand, Brand.id == Product.brand_id, isouter=True)
        .join(Category, Category.id == Product.category_id, isouter=True)
        .where(*wanted)
        .order_by(Product.updated_at.desc(), Product.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    items = [StaffProduct(**{**row._mapping, "image": image_from(row.image, row.name)}) for row in rows]
    return Page(items, page, PER_PAGE, total)


def _state(state: str) -> list[sa.ColumnElement[bool]]:
    left = Product.stock_quantity - Product.reserved_quantity
    conditions: dict[str, list[sa.ColumnElement[bool]]] = {
        "active": [Product.is_active.is_(True)],
        "hidden": [Product.is_active.is_(False)],
        "featured": [Product.is_featured.is_(True)],
        "low": [left <= Product.low_stock_threshold],
    }
    return conditions.get(state, [])


def editable_product(product_id: uuid.UUID) -> EditableProduct:
    """The product with this id. Raises NotFound. One statement."""
    row = (
        session()
        .execute(
            sa.select(
                Product.id,
                Product.version,
                Product.sku,
                Product.slug,
                Product.name,
                Product.parent_id,
                Product.short_description,
                Product.description,
                Product.price,
                Product.compare_at_price,
                Product.currency,
                Product.category_id,
                Product.brand_id,
                Product.tags,
                Product.stock_quantity.label("stock"),
                Product.reserved_quantity.label("reserved"),
                Product.low_stock_threshold,
                Product.backorder_limit,
                Product.is_active,
                Product.is_featured,
                Product.images,
                Product.updated_at,
            ).where(Product.id == product_id, Product.deleted_at.is_(None))
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("product", str(product_id))
    images = tuple(image for stored in row.images if (image := image_from(stored, row.name)))
    return EditableProduct(**{**row._mapping, "tags": tuple(row.tags), "images": images})


def variants_of(product_id: uuid.UUID) -> list[StaffProduct]:
    """The variants of a product, in the order they were made. One statement."""
    rows = session().execute(
        sa.select(
            Product.id,
            Product.sku,
            Product.name,
            sa.null().label("parent_name"),
            sa.null().label("brand"),
            sa.null().label("category"),
            Product.price,
            Product.currency,
            Product.stock_quantity.label("stock"),
            Product.reserved_quantity.label("reserved"),
            Product.low_stock_threshold,
            Product.is_active,
            Product.is_featured,
        )
        .where(Product.parent_id == product_id, Product.deleted_at.is_(None))
        .order_by(Product.id)
    )
    return [StaffProduct(**row._mapping, image=None) for row in rows]


def taxonomy_choices() -> tuple[list[Named], list[Named]]:
    """All living categories (by their full path) and brands, for select boxes. Two statements."""
    parent = aliased(Category)
    path = sa.case((parent.name.is_(None), Category.name), else_=parent.name + " › " + Category.name)
    categories = session().execute(
        sa.select(Category.id, path.label("path"))
        .join(parent, parent.id == Category.parent_id, isouter=True)
        .where(Category.deleted_at.is_(None))
        .order_by("path")
    )
    brands = session().execute(
        sa.select(Brand.id, Brand.name).where(Brand.deleted_at.is_(None)).order_by(sa.func.lower(Brand.name))
    )
    return [Named(*row) for row in categories], [Named(*row) for row in brands]
