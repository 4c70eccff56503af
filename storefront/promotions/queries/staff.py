"""Promotions as staff see them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.catalog.models import Product
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.promotions.models import CustomerGroup, Promotion, PromotionCode, PromotionUse
from storefront.promotions.queries.past_orders import past_orders

_LONGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class StaffPromotion:
    """A promotion with how often it was used. ``codes`` of one use each, ``spent`` of them."""

    id: uuid.UUID
    version: int
    name: str
    kind: str
    value: Decimal
    currency: str
    code: str | None
    has_single_codes: bool
    conditions: dict[str, Any]
    starts_at: datetime | None
    ends_at: datetime | None
    usage_limit: int | None
    usage_limit_per_user: int | None
    used_count: int
    lane: str
    priority: int
    is_active: bool
    codes: int = 0
    spent: int = 0


@dataclass(frozen=True, slots=True)
class StaffUse:
    """An order that a promotion reduced."""

    order_number: str
    status: str
    amount: Decimal
    shipping: Decimal
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PromotionDetails:
    """A promotion, its latest uses, and its products by SKU."""

    promotion: StaffPromotion
    uses: tuple[StaffUse, ...] = ()
    skus: tuple[str, ...] = field(default=())


def staff_promotions() -> list[StaffPromotion]:
    """All promotions, the newest first. One statement."""
    rows = session().execute(_rows().order_by(Promotion.created_at.desc(), Promotion.id).limit(_LONGEST_LIST))
    return [StaffPromotion(*row) for row in rows]


def staff_promotion(promotion_id: uuid.UUID, uses: int = 50) -> PromotionDetails:
    """One promotion with its latest ``uses``. Raises NotFound. Three statements at most."""
    row = session().execute(_rows().where(Promotion.id == promotion_id)).one_or_none()
    if row is None:
        raise NotFound("promotion", str(promotion_id))
    promotion = StaffPromotion(*row)
    orders = past_orders().listed()
    used = session().execute(
        sa.select(
            orders.c.number,
            orders.c.status,
            PromotionUse.amount,
            PromotionUse.shipping_amount,
            PromotionUse.created_at,
        )
        .join(orders, orders.c.id == PromotionUse.order_id)
        .where(PromotionUse.promotion_id == promotion_id)
        .order_by(PromotionUse.created_at.desc())
        .limit(uses)
    )
    found = tuple(StaffUse(*one) for one in used)
    return PromotionDetails(promotion, found, _skus(promotion.conditions.get("products")))


def customer_groups() -> list[tuple[uuid.UUID, str]]:
    """All groups of customers by name: key and name. One statement."""
    rows = session().execute(
        sa.select(CustomerGroup.id, sa.cast(CustomerGroup.name, sa.Text)).order_by(CustomerGroup.name)
    )
    return [(key, name) for key, name in rows]


def products_by_sku(skus: list[str]) -> dict[str, uuid.UUID]:
    """The living products with these SKUs. One statement, none for an empty list."""
    if not skus:
        return {}
    rows = session().execute(
        sa.select(Product.sku, Product.id).where(Product.sku.in_(skus), Product.deleted_at.is_(None))
    )
    return dict(rows.all())


def _skus(stored: object) -> tuple[str, ...]:
    if not isinstance(stored, list) or not stored:
        return ()
    rows = session().scalars(
        sa.select(Product.sku).where(sa.cast(Product.id, sa.Text).in_(stored)).order_by(Product.sku)
    )
    return tuple(rows.all())


def _rows() -> sa.Select[Any]:
    codes = sa.select(sa.func.count()).where(PromotionCode.promotion_id == Promotion.id)
    columns: tuple[Any, ...] = (
        Promotion.id,
        Promotion.version,
        Promotion.name,
        Promotion.kind,
        Promotion.value,
        Promotion.currency,
        Promotion.code,
        Promotion.has_single_codes,
        Promotion.conditions,
        Promotion.starts_at,
        Promotion.ends_at,
        Promotion.usage_limit,
        Promotion.usage_limit_per_user,
        Promotion.used_count,
        Promotion.lane,
        Promotion.priority,
        Promotion.is_active,
        codes.scalar_subquery(),
        codes.where(PromotionCode.order_id.is_not(None)).scalar_subquery(),
    )
    return sa.select(*columns)
