"""Staff change products here: with permission, without overwriting each other, leaving an audit row."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.accounts.services import require_permission
from storefront.analytics.services import difference, record_audit
from storefront.catalog.errors import (
    BackorderLimitTooLow,
    PriceNotBelowFormer,
    ProductChangedMeanwhile,
    SlugTaken,
)
from storefront.catalog.models import Product
from storefront.core.cache_changes import forget_after_commit
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class ProductEdit:
    """What staff may change about a product or variant. Prices are gross, in the product's currency."""

    name: str
    slug: str
    short_description: str | None
    description: str | None
    price: Decimal
    compare_at_price: Decimal | None
    category_id: uuid.UUID | None
    brand_id: uuid.UUID | None
    tags: list[str]
    low_stock_threshold: int
    backorder_limit: int
    is_active: bool
    is_featured: bool


def update_product(actor_id: uuid.UUID, product_id: uuid.UUID, version: int, edit: ProductEdit) -> int:
    """Save an edit that was begun on ``version``; returns the new version. Nothing changed: nothing is written.

    Raises NotAllowed, NotFound, :class:`ProductChangedMeanwhile`, :class:`PriceNotBelowFormer`,
    :class:`SlugTaken`, :class:`BackorderLimitTooLow`; the product then stays as it was.
    """
    if edit.compare_at_price is not None and edit.compare_at_price <= edit.price:
        raise PriceNotBelowFormer(str(edit.price), str(edit.compare_at_price))
    with transaction():
        require_permission(actor_id, "products", "write")
        stored = session().scalar(
            sa.select(Product).where(Product.id == product_id, Product.deleted_at.is_(None)).with_for_update()
        )
        if stored is None:
            raise NotFound("product", str(product_id))
        if stored.version != version:
            raise ProductChangedMeanwhile(product_id, version, stored.version)
        wanted = asdict(edit)
        changes = difference({name: getattr(stored, name) for name in wanted}, wanted)
        if not changes:
            return version
        if wanted["backorder_limit"] < stored.reserved_quantity - stored.stock_quantity:
            raise BackorderLimitTooLow(stored.reserved_quantity - stored.stock_quantity)
        forget_after_commit()
        _save(product_id, version, {name: wanted[name] for name in changes}, actor_id)
        record_audit(actor_id, "update", "product", product_id, changes)
        return version + 1


def _save(product_id: uuid.UUID, version: int, values: dict[str, Any], actor_id: uuid.UUID) -> None:
    try:
        with session().begin_nested():
            write(
                sa.update(Product)
                .where(Product.id == product_id)
                .values(**values, version=version + 1, updated_by=actor_id)
            )
    except IntegrityError as error:
        if "uq_products_slug_living" in str(error.orig):
            raise SlugTaken(str(values["slug"])) from None
        raise
