"""Products as lines of carts and lists: what is read of them, and whether they are sold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.catalog.models import Product
from storefront.catalog.queries import image_from
from storefront.core.money import ZERO
from storefront.inventory.queries import on_shelf, sellable
from storefront.pricing.snapshot import LineSnapshot
from storefront.search.models import ProductSearch

Parent = aliased(Product, name="parent")


def moment() -> sa.BindParameter[datetime]:
    """The moment that a prepared statement is asked for."""
    return sa.bindparam("moment", type_=sa.TIMESTAMP(timezone=True))


def is_sold() -> sa.ColumnElement[bool]:
    """The condition, over ``products`` joined with :data:`Parent`, that the row is on sale by itself.

    The statement is run with ``moment``: a product whose day has not come is not sold.
    """
    variant = aliased(Product, name="variant")
    has_variants = sa.exists(variant.id).where(variant.parent_id == Product.id, variant.deleted_at.is_(None))
    published = sa.case((Product.parent_id.is_(None), Product.published_at), else_=Parent.published_at)
    return sa.and_(
        Product.deleted_at.is_(None),
        Product.is_active,
        sa.or_(Product.parent_id.is_(None), sa.and_(Parent.deleted_at.is_(None), Parent.is_active)),
        published <= moment(),
        sa.or_(Product.parent_id.is_not(None), sa.not_(has_variants)),
    )


def line_columns() -> tuple[Any, ...]:
    """What :func:`line_from` reads of ``products`` joined with :data:`Parent`."""
    return (
        Product.id.label("product_id"),
        Product.sku,
        Product.name,
        Product.options,
        Product.price,
        sellable().label("available"),
        on_shelf().label("on_shelf"),
        sa.func.coalesce(Parent.slug, Product.slug).label("slug"),
        Product.images[0].label("image"),
        Parent.images[0].label("parent_image"),
        Product.weight,
        sa.func.coalesce(Product.category_id, Parent.category_id).label("category_id"),
        Product.parent_id,
        sa.func.coalesce(Product.brand_id, Parent.brand_id).label("brand_id"),
        # The read model knows the categories above; a subquery, so that other statements need no join.
        sa.select(ProductSearch.category_path)
        .where(ProductSearch.product_id == sa.func.coalesce(Product.parent_id, Product.id))
        .scalar_subquery()
        .label("category_path"),
    )


def line_from(row: sa.Row[Any]) -> LineSnapshot:
    """The snapshot of a row with :func:`line_columns`, ``quantity`` and ``seen_price``."""
    return LineSnapshot(
        product_id=row.product_id,
        sku=row.sku,
        name=row.name,
        quantity=row.quantity,
        unit_price=row.price,
        available=max(0, row.available),
        slug=row.slug,
        options=row.options,
        image=image_from(row.image or row.parent_image, row.name),
        seen_price=row.seen_price,
        weight=row.weight or ZERO,
        category_id=row.category_id,
        parent_id=row.parent_id,
        brand_id=row.brand_id,
        category_path=tuple(row.category_path or ()),
        on_shelf=max(0, row.on_shelf),
    )
