"""Reads of carts: the visitor with the badge in one statement, the whole cart in another."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from storefront.accounts.models import User, UserSession
from storefront.accounts.queries import SignedInUser, may_sign_in, signed_in_columns, signed_in_user
from storefront.cart.models import Cart, CartItem, Wish, WishList
from storefront.catalog.models import Product
from storefront.catalog.queries import image_from
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.core.statements import first, rows
from storefront.inventory.queries import on_shelf, sellable
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.promotions.evaluation import NOTHING, Reductions
from storefront.promotions.queries import Customer, reductions_for
from storefront.search.models import ProductSearch

Parent = aliased(Product, name="parent")


@dataclass(frozen=True, slots=True)
class VisitorRow:
    """A live session: whose it is, what it keeps, how many units lie in the open cart, what is on the wish list.

    ``wished`` holds each wish and, of a variant, its product, too: pages show hearts for both.
    """

    session_id: uuid.UUID
    user: SignedInUser | None
    cart_quantity: int
    data: dict[str, Any]
    last_activity_at: datetime
    wished: frozenset[uuid.UUID] = frozenset()


def visitor(token_hash: str) -> VisitorRow | None:
    """The session with this token hash, its user with permissions, the cart's badge and the wishes: one statement.

    None for an unknown or expired session, and for one whose user was deleted or blocked.
    """

    row = first(_visitor_statement(), {"token_hash": token_hash, "moment": now()})
    if row is None or row.owner_id != row.user_id:
        return None
    return VisitorRow(
        row.id,
        signed_in_user(row),
        int(row.cart_quantity),
        row.data,
        row.last_activity_at,
        frozenset(row.wished or ()) - {None},
    )


@cache
def _visitor_statement() -> sa.Select[Any]:
    # Built once: every request of everybody with a session runs it.
    def units(owner: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        total = sa.select(sa.func.coalesce(sa.func.sum(CartItem.quantity), 0))
        in_cart = total.join(Cart, Cart.id == CartItem.cart_id).where(Cart.status == "open", owner)
        return in_cart.correlate(UserSession).scalar_subquery()

    badge = sa.case(
        (UserSession.user_id.is_(None), units(Cart.session_id == UserSession.id)),
        else_=units(Cart.user_id == UserSession.user_id),
    )

    def wishes(owner: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        of_product = aliased(Product)
        both = sa.func.array_agg(Wish.product_id).op("||")(sa.func.array_agg(of_product.parent_id))
        listed = sa.select(sa.type_coerce(both, ARRAY(sa.Uuid()))).join(
            WishList, WishList.id == Wish.wish_list_id
        )
        of_owner = listed.join(of_product, of_product.id == Wish.product_id).where(owner)
        return of_owner.correlate(UserSession).scalar_subquery()

    hearts = sa.case(
        (UserSession.user_id.is_(None), wishes(WishList.session_id == UserSession.id)),
        else_=wishes(WishList.user_id == UserSession.user_id),
    )
    columns: tuple[Any, ...] = (
        UserSession.id,
        UserSession.data,
        UserSession.last_activity_at,
        UserSession.user_id.label("owner_id"),
        badge.label("cart_quantity"),
        hearts.label("wished"),
        *signed_in_columns(),
    )
    return (
        sa.select(*columns)
        .join(User, sa.and_(User.id == UserSession.user_id, may_sign_in()), isouter=True)
        .where(
            UserSession.session_token_hash == sa.bindparam("token_hash"),
            UserSession.expires_at > _moment(),
        )
    )


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


def _moment() -> sa.BindParameter[datetime]:
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
        published <= _moment(),
        sa.or_(Product.parent_id.is_not(None), sa.not_(has_variants)),
    )


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
