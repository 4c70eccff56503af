"""The open cart with today's prices and stock, and what has changed since its shopper last looked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa

from storefront.cart.models import Cart, CartItem
from storefront.cart.queries.lines import Parent, is_sold, line_columns, line_from
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.core.statements import rows
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.promotions.evaluation import NOTHING, Reductions
from storefront.promotions.queries import Customer, reductions_for


@dataclass(frozen=True, slots=True)
class PriceChanged:
    """The price is another one than when the shopper last looked."""

    product_id: uuid.UUID
    name: str
    was: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class LessStock:
    """Fewer units are there than the cart wants; ``available`` 0 means sold out."""

    product_id: uuid.UUID
    name: str
    wanted: int
    available: int


@dataclass(frozen=True, slots=True)
class ProductGone:
    """The product is no longer sold."""

    product_id: uuid.UUID
    name: str


Notice = PriceChanged | LessStock | ProductGone


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as its pages show it. ``gone`` are lines that cannot be bought any more.

    ``coupon`` is the code that was entered, or empty; ``reductions`` are filled in by :func:`reduced_cart`.
    """

    cart_id: uuid.UUID | None
    snapshot: CartSnapshot
    gone: tuple[LineSnapshot, ...] = ()
    notices: tuple[Notice, ...] = ()
    coupon: str = ""
    gift_card_id: uuid.UUID | None = None
    reductions: Reductions = NOTHING

    @property
    def subtotal(self) -> Decimal:
        """What the goods cost that can be bought."""
        return self.snapshot.subtotal

    @property
    def goods(self) -> Decimal:
        """What they cost after what they are reduced by."""
        return self.snapshot.subtotal - self.reductions.amount

    @property
    def off_line(self) -> Mapping[uuid.UUID, Decimal]:
        """What each line costs less, by product."""
        parts = zip(self.snapshot.lines, self.reductions.parts, strict=False)
        return {line.product_id: part for line, part in parts if part}

    @property
    def quantity(self) -> int:
        """How many units lie in the cart, as the badge counts them."""
        return self.snapshot.quantity + sum(line.quantity for line in self.gone)

    @property
    def is_empty(self) -> bool:
        """Nothing in it, not even something that is gone."""
        return not self.snapshot.lines and not self.gone

    @property
    def can_check_out(self) -> bool:
        """There is something to buy, and all of it could be sold now."""
        blocked = any(isinstance(notice, LessStock | ProductGone) for notice in self.notices)
        return bool(self.snapshot.lines) and not blocked


def owned_by(identity: Identity) -> sa.ColumnElement[bool]:
    """The condition that an open cart is this person's; nobody's for somebody without a session."""
    if identity.user_id is not None:
        return sa.and_(Cart.user_id == identity.user_id, Cart.status == "open")
    if identity.session_id is not None:
        return sa.and_(Cart.session_id == identity.session_id, Cart.status == "open")
    return sa.false()


def cart_quantity(identity: Identity) -> int:
    """How many units lie in this person's open cart."""
    total = sa.select(sa.func.coalesce(sa.func.sum(CartItem.quantity), 0))
    return int(session().scalar(total.join(Cart, Cart.id == CartItem.cart_id).where(owned_by(identity))) or 0)


def cart_view(identity: Identity) -> CartView:
    """This person's open cart with today's prices and stock, and what has changed since. One statement."""
    empty = CartView(None, CartSnapshot((), current_settings().shop_currency))
    owner = identity.user_id or identity.session_id
    if owner is None:
        return empty
    statement = _lines_statement(of_user=identity.user_id is not None)
    found = rows(statement, {"owner": owner, "moment": now()})
    if not found:
        return empty
    lines: list[LineSnapshot] = []
    gone: list[LineSnapshot] = []
    notices: list[Notice] = []
    for row in found:
        line = line_from(row)
        (lines if row.is_sold else gone).append(line)
        notices.extend(_notices(line, row.is_sold))
    head = found[0]
    snapshot = CartSnapshot(tuple(lines), head.currency)
    return CartView(head.cart_id, snapshot, tuple(gone), tuple(notices), head.coupon or "", head.gift_card_id)


def owner_of_open_cart(cart_id: uuid.UUID) -> uuid.UUID | None:
    """The user whose open cart this is; None for a guest's, a closed or an unknown one."""
    return session().scalar(sa.select(Cart.user_id).where(Cart.id == cart_id, Cart.status == "open"))


def reduced_cart(identity: Identity) -> CartView:
    """This person's open cart with what promotions take off, before shipping is known. Two statements."""
    view = cart_view(identity)
    if view.is_empty:
        return view
    customer = Customer(identity.user_id)
    return replace(view, reductions=reductions_for(view.snapshot, customer, view.coupon, view.cart_id))


def _notices(line: LineSnapshot, is_sold: bool) -> list[Notice]:
    if not is_sold:
        return [ProductGone(line.product_id, line.name)]
    found: list[Notice] = []
    if line.seen_price is not None and line.seen_price != line.unit_price:
        found.append(PriceChanged(line.product_id, line.name, line.seen_price, line.unit_price))
    if line.available < line.quantity:
        found.append(LessStock(line.product_id, line.name, line.quantity, line.available))
    return found


@cache
def _lines_statement(*, of_user: bool) -> sa.Select[Any]:
    owner = Cart.user_id if of_user else Cart.session_id
    columns: tuple[Any, ...] = (
        Cart.id.label("cart_id"),
        Cart.currency,
        Cart.coupon,
        Cart.gift_card_id,
        CartItem.quantity,
        CartItem.unit_price.label("seen_price"),
        *line_columns(),
        sa.and_(is_sold(), Product.currency == Cart.currency).label("is_sold"),
    )
    return (
        sa.select(*columns)
        .join(CartItem, CartItem.cart_id == Cart.id)
        .join(Product, Product.id == CartItem.product_id)
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .where(owner == sa.bindparam("owner", type_=sa.Uuid()), Cart.status == "open")
        .order_by(CartItem.created_at, CartItem.id)
    )
