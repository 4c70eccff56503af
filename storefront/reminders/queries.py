"""Reads of reminders: what letters say, what people have asked for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.accounts.queries import may_sign_in
from storefront.cart.queries.lines import Parent
from storefront.catalog.models import Product
from storefront.catalog.queries import Image, image_from
from storefront.core.db import session
from storefront.inventory.queries import sellable
from storefront.reminders.models import StockAlert


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with its product of today and whom it goes to. ``email`` is empty where nobody may be written to."""

    id: uuid.UUID
    status: str
    email: str
    first_name: str | None
    language: str
    product_id: uuid.UUID
    name: str
    slug: str
    sku: str | None
    price: Decimal
    currency: str
    image: Image | None
    available: int
    created_at: datetime


def alert(alert_id: uuid.UUID) -> AlertView | None:
    """The alert of this id."""
    row = session().execute(_alerts().where(StockAlert.id == alert_id)).one_or_none()
    return _view(row) if row else None


def alerts_of(user_id: uuid.UUID) -> list[AlertView]:
    """What this person still waits for, the last first."""
    waiting = sa.and_(StockAlert.user_id == user_id, StockAlert.status == "waiting")
    found = session().execute(_alerts().where(waiting).order_by(StockAlert.created_at.desc()).limit(100))
    return [_view(row) for row in found]


def _alerts() -> sa.Select[Any]:
    columns: tuple[Any, ...] = (
        StockAlert.id,
        StockAlert.status,
        sa.func.coalesce(StockAlert.email, User.email).label("email"),
        User.first_name,
        sa.func.coalesce(User.language, StockAlert.language).label("language"),
        Product.id.label("product_id"),
        Product.parent_id,
        Product.name,
        sa.func.coalesce(Parent.slug, Product.slug).label("slug"),
        Product.sku,
        Product.price,
        Product.currency,
        Product.images[0].label("image"),
        Parent.images[0].label("parent_image"),
        sellable().label("available"),
        StockAlert.created_at,
    )
    return (
        sa.select(*columns)
        .join(Product, Product.id == StockAlert.product_id)
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .join(User, sa.and_(User.id == StockAlert.user_id, may_sign_in()), isouter=True)
    )


def _view(row: Any) -> AlertView:
    return AlertView(
        id=row.id,
        status=row.status,
        email=row.email or "",
        first_name=row.first_name,
        language=row.language,
        product_id=row.product_id,
        name=row.name,
        slug=row.slug,
        sku=row.sku if row.parent_id else None,
        price=row.price,
        currency=row.currency,
        image=image_from(row.image or row.parent_image, row.name),
        available=max(0, row.available),
        created_at=row.created_at,
    )
