"""Reads of wish lists: the owner's page and the shared one are the same list, found in two ways."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from storefront.cart.models import Wish, WishList
from storefront.cart.queries.lines import Parent
from storefront.catalog.models import Product
from storefront.catalog.queries import Image, image_from
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.core.statements import rows
from storefront.inventory.queries import sellable
from storefront.search.models import ProductSearch

WishState = Literal["in_stock", "choose", "sold_out", "gone"]


@dataclass(frozen=True, slots=True)
class WishView:
    """A wish with today's price and stock. Prices are in the shop's currency.

    ``state``: ``choose`` is a product whose variant is still to be chosen, ``gone`` one that is no longer sold.
    """

    product_id: uuid.UUID
    name: str
    slug: str
    sku: str | None
    options: dict[str, Any]
    image: Image | None
    price_from: Decimal
    price_to: Decimal
    currency: str
    available: int
    state: WishState


@dataclass(frozen=True, slots=True)
class WishListView:
    """A list, the last wish first. ``share_token`` is None where nobody else may see it."""

    wishes: tuple[WishView, ...] = ()
    share_token: str | None = None


@dataclass(frozen=True, slots=True)
class Wishable:
    """A product that can be wished for."""

    name: str
    parent_id: uuid.UUID | None


def list_of(identity: Identity) -> sa.ColumnElement[bool]:
    """The condition that a list is this person's; nobody's for somebody without a session."""
    if identity.user_id is not None:
        return WishList.user_id == identity.user_id
    if identity.session_id is not None:
        return WishList.session_id == identity.session_id
    return sa.false()


def wish_list(identity: Identity) -> WishListView:
    """This person's list; empty for somebody without a session. One statement."""
    owner = identity.user_id or identity.session_id
    if owner is None:
        return WishListView()
    found = rows(_list_statement("user_id" if identity.user_id else "session_id"), _values(owner))
    return _view(found)


def shared_wish_list(token: str) -> WishListView | None:
    """The list that is shared by this token, or None. One statement."""
    found = rows(_list_statement("share_token"), _values(token))
    return _view(found) if found else None


def wishable_name(product_id: uuid.UUID) -> Wishable | None:
    """The product of this id, if it is on sale: sold out is no hindrance."""
    row = session().execute(
        sa.select(Product.name, Product.parent_id)
        .join(ProductSearch, ProductSearch.product_id == sa.func.coalesce(Product.parent_id, Product.id))
        .where(
            Product.id == product_id,
            Product.deleted_at.is_(None),
            Product.is_active,
            ProductSearch.published_at <= now(),
        )
    )
    found = row.one_or_none()
    return Wishable(*found) if found else None


def _values(key: object) -> dict[str, Any]:
    return {"key": key, "moment": now()}


def _view(found: list[Any]) -> WishListView:
    # A list without wishes comes as one row that names no product.
    wishes = tuple(_wish(row) for row in found if row.product_id is not None)
    return WishListView(wishes, found[0].share_token if found else None)


@cache
def _list_statement(by: str) -> sa.Select[Any]:
    key: Any = getattr(WishList, by)
    moment = sa.bindparam("moment", type_=sa.TIMESTAMP(timezone=True))
    columns: tuple[Any, ...] = (
        WishList.share_token,
        Product.id.label("product_id"),
        Product.parent_id,
        Product.name,
        Product.sku,
        Product.options,
        Product.price,
        Product.currency,
        sellable().label("available"),
        sa.func.coalesce(Parent.slug, Product.slug).label("slug"),
        Product.images[0].label("image"),
        Parent.images[0].label("parent_image"),
        ProductSearch.price_min,
        ProductSearch.price_max,
        ProductSearch.has_variants,
        ProductSearch.available.label("any_available"),
        sa.and_(ProductSearch.published_at <= moment, Product.is_active, Product.deleted_at.is_(None)).label(
            "is_listed"
        ),
    )
    root = sa.func.coalesce(Product.parent_id, Product.id)
    return (
        sa.select(*columns)
        .join(Wish, Wish.wish_list_id == WishList.id, isouter=True)
        .join(Product, Product.id == Wish.product_id, isouter=True)
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .join(ProductSearch, ProductSearch.product_id == root, isouter=True)
        .where(key == sa.bindparam("key", type_=key.type))
        .order_by(Wish.created_at.desc(), Wish.id.desc())
    )


def _wish(row: Any) -> WishView:
    undecided = row.parent_id is None and bool(row.has_variants)
    state: WishState = "in_stock"
    if not row.is_listed or row.currency != current_settings().shop_currency:
        state = "gone"
    elif not (row.any_available if undecided else row.available > 0):
        state = "sold_out"
    elif undecided:
        state = "choose"
    return WishView(
        product_id=row.product_id,
        name=row.name,
        slug=row.slug,
        sku=row.sku if row.parent_id else None,
        options=row.options or {},
        image=image_from(row.image or row.parent_image, row.name),
        price_from=row.price_min if undecided else row.price,
        price_to=row.price_max if undecided else row.price,
        currency=row.currency,
        available=max(0, row.available),
        state=state,
    )
