"""Changes to a cart. Each one locks the cart's row first, then touches lines: two at once never make two.

A product that is added is checked against what could be sold now; nothing is held until the order is placed.
The price that a line keeps is the one the shopper has seen; it is brought up to date whenever they act on
the line, so that a notice about a changed price stays until it was seen.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from storefront.cart.errors import CartMissing, ChooseVariant, QuantityOutOfRange, UnknownProduct
from storefront.cart.models import MAXIMUM_QUANTITY, Cart, CartItem
from storefront.cart.queries import Parent, is_sold, owned_by
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import sellable

CLOSED_CARTS_KEPT = timedelta(days=90)
OPEN_CARTS_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class AddedLine:
    """What was added and how many of it lie in the cart now."""

    product_id: uuid.UUID
    sku: str
    name: str
    added: int
    quantity: int


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """What was taken out, so that it can be put back."""

    product_id: uuid.UUID
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class _Offer:
    product_id: uuid.UUID
    sku: str
    name: str
    slug: str
    price: Decimal
    available: int


def add_line(identity: Identity, product_id: uuid.UUID, quantity: int = 1) -> AddedLine:
    """Put ``quantity`` more units of a product into this person's cart.

    Raises :class:`UnknownProduct`, :class:`ChooseVariant` for a product that comes in variants,
    :class:`QuantityOutOfRange` below 1 or when the line would pass 99, :class:`InsufficientStock` when it
    would pass what is there; in each case the cart stays as it was.
    """
    return _add(identity, "id", product_id, quantity)


def add_by_sku(identity: Identity, sku: str, quantity: int = 1) -> AddedLine:
    """:func:`add_line` for a product named by its SKU."""
    return _add(identity, "sku", sku.strip(), quantity)


def _add(identity: Identity, which: str, key: object, quantity: int) -> AddedLine:
    _check_quantity(quantity)
    with transaction():
        offer = _offer(which, key)
        if quantity > offer.available:
            raise InsufficientStock(offer.product_id, offer.name, quantity, offer.available)
        limit = min(MAXIMUM_QUANTITY, offer.available)
        # Two statements, not one: the policy on lines must find the cart of a shopper who had none.
        cart_id = session().scalar(_open_cart(identity).returning(Cart.id))
        line = insert(CartItem).values(
            cart_id=cart_id, product_id=offer.product_id, quantity=quantity, unit_price=offer.price
        )
        together = CartItem.quantity + line.excluded.quantity
        result = session().scalar(
            line.on_conflict_do_update(
                index_elements=[CartItem.cart_id, CartItem.product_id],
                set_={"quantity": together, "unit_price": line.excluded.unit_price},
                where=together <= limit,
            ).returning(CartItem.quantity)
        )
        if result is None:
            wanted = quantity + _quantity_of(identity, offer.product_id)
            if wanted > MAXIMUM_QUANTITY:
                raise QuantityOutOfRange(wanted)
            raise InsufficientStock(offer.product_id, offer.name, wanted, offer.available)
    return AddedLine(offer.product_id, offer.sku, offer.name, quantity, result)


def set_quantity(identity: Identity, product_id: uuid.UUID, quantity: int) -> AddedLine:
    """Make the line's quantity ``quantity``. Raises as :func:`add_line`, UnknownProduct for no such line."""
    _check_quantity(quantity)
    with transaction():
        cart_id = _lock_cart(identity)
        offer = _offer("id", product_id)
        if quantity > offer.available:
            raise InsufficientStock(product_id, offer.name, quantity, offer.available)
        before = session().scalar(
            sa.select(CartItem.quantity).where(CartItem.cart_id == cart_id, CartItem.product_id == product_id)
        )
        if before is None:
            raise UnknownProduct(offer.sku)
        session().execute(
            sa.update(CartItem)
            .where(CartItem.cart_id == cart_id, CartItem.product_id == product_id)
            .values(quantity=quantity, unit_price=offer.price)
            .execution_options(synchronize_session=False)
        )
    return AddedLine(product_id, offer.sku, offer.name, quantity - before, quantity)


def remove_line(identity: Identity, product_id: uuid.UUID) -> RemovedLine | None:
    """Take a line out; None when there is no such line (any more)."""
    with transaction():
        cart_id = _lock_cart(identity)
        quantity = session().scalar(
            sa.delete(CartItem)
            .where(CartItem.cart_id == cart_id, CartItem.product_id == product_id)
            .returning(CartItem.quantity)
            .execution_options(synchronize_session=False)
        )
        if quantity is None:
            return None
        name = session().scalar(sa.select(Product.name).where(Product.id == product_id))
    return RemovedLine(product_id, name or "", quantity)


def clear(identity: Identity) -> int:
    """Empty this person's cart; returns how many lines went."""
    with transaction():
        cart_id = _lock_cart(identity)
        gone = session().scalars(
            sa.delete(CartItem)
            .where(CartItem.cart_id == cart_id)
            .returning(CartItem.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())


def accept_changes(identity: Identity) -> None:
    """Take over what the notices say: today's prices, no more than is there, nothing that is gone."""
    with transaction():
        cart_id = _lock_cart(identity)
        offered = (
            sa.select(CartItem.id, Product.price, sellable().label("available"))
            .join(Product, Product.id == CartItem.product_id)
            .join(Parent, Parent.id == Product.parent_id, isouter=True)
            .join(Cart, Cart.id == CartItem.cart_id)
            .where(CartItem.cart_id == cart_id, is_sold(), Product.currency == Cart.currency, sellable() > 0)
            .subquery()
        )
        session().execute(
            sa.delete(CartItem)
            .where(CartItem.cart_id == cart_id, CartItem.id.not_in(sa.select(offered.c.id)))
            .execution_options(synchronize_session=False),
            {"moment": now()},
        )
        session().execute(
            sa.update(CartItem)
            .where(CartItem.id == offered.c.id)
            .values(
                quantity=sa.func.least(CartItem.quantity, offered.c.available), unit_price=offered.c.price
            )
            .execution_options(synchronize_session=False),
            {"moment": now()},
        )


def merge_carts(from_session_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """At sign-in: the guest's lines join the user's cart, quantities summed up to 99; returns how many lines.

    Run twice, or from two browsers at once, it merges each guest's cart exactly once.
    """
    guest = owned_by(Identity(session_id=from_session_id))
    with transaction():
        if session().scalar(sa.select(Cart.id).where(guest)) is None:
            return 0
        target = session().scalar(_open_cart(Identity(user_id=user_id)).returning(Cart.id))
        source = session().scalar(sa.select(Cart.id).where(guest).with_for_update(key_share=True))
        if source is None:
            return 0
        columns = ["id", "cart_id", "product_id", "quantity", "unit_price"]
        moved = insert(CartItem).from_select(
            columns,
            sa.select(
                sa.func.gen_random_uuid(),
                sa.literal(target),
                CartItem.product_id,
                CartItem.quantity,
                CartItem.unit_price,
            )
            .where(CartItem.cart_id == source)
            .order_by(CartItem.created_at),
        )
        lines = session().scalars(
            moved.on_conflict_do_update(
                index_elements=[CartItem.cart_id, CartItem.product_id],
                set_={
                    "quantity": sa.func.least(MAXIMUM_QUANTITY, CartItem.quantity + moved.excluded.quantity)
                },
            ).returning(CartItem.id)
        )
        _set_status(source, "merged")
        return len(lines.all())


@dataclass(frozen=True, slots=True)
class LockedCart:
    """An open cart whose row is locked until the transaction ends, with its quantities by product."""

    cart_id: uuid.UUID
    user_id: uuid.UUID | None
    session_id: uuid.UUID | None
    currency: str
    quantities: Mapping[uuid.UUID, int]


def lock_open_cart(identity: Identity) -> LockedCart | None:
    """Lock this person's open cart and read its quantities; None when there is none."""
    return _locked(owned_by(identity))


def lock_cart(cart_id: uuid.UUID) -> LockedCart | None:
    """Lock a cart by its id; None when it is no longer open."""
    return _locked(sa.and_(Cart.id == cart_id, Cart.status == "open"))


def close_cart(cart: LockedCart, ordered: Mapping[uuid.UUID, int]) -> None:
    """The cart became an order: close it. What was added since the order was drawn up stays, in a new cart."""
    with transaction():
        _set_status(cart.cart_id, "ordered")
        left = {
            product_id: quantity - ordered.get(product_id, 0)
            for product_id, quantity in cart.quantities.items()
            if quantity > ordered.get(product_id, 0)
        }
        if not left:
            return
        fresh = session().scalar(_open_cart(Identity(cart.user_id, cart.session_id)).returning(Cart.id))
        session().execute(
            sa.insert(CartItem),
            [
                {"cart_id": fresh, "product_id": product_id, "quantity": quantity}
                for product_id, quantity in left.items()
            ],
        )


def purge_forgotten() -> int:
    """Delete carts that became orders long ago and those nobody has touched for a year; returns how many.

    Guests' carts go with their sessions. Run by a job.
    """
    closed = sa.and_(Cart.status != "open", Cart.updated_at < now() - CLOSED_CARTS_KEPT)
    forgotten = sa.and_(Cart.status == "open", Cart.updated_at < now() - OPEN_CARTS_KEPT)
    with transaction():
        gone = session().scalars(
            sa.delete(Cart)
            .where(sa.or_(closed, forgotten))
            .returning(Cart.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())


def _locked(which: sa.ColumnElement[bool]) -> LockedCart | None:
    cart = (
        session()
        .execute(
            sa.select(Cart.id, Cart.user_id, Cart.session_id, Cart.currency)
            .where(which)
            .with_for_update(key_share=True)
        )
        .one_or_none()
    )
    if cart is None:
        return None
    rows = session().execute(
        sa.select(CartItem.product_id, CartItem.quantity).where(CartItem.cart_id == cart.id)
    )
    return LockedCart(*cart, dict(rows.all()))


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAXIMUM_QUANTITY:
        raise QuantityOutOfRange(quantity)


def _offer(which: str, key: object) -> _Offer:
    """The product whose ``which`` (``id`` or ``sku``) is ``key``, if it can be put into a cart."""
    values = {"key": key, "moment": now(), "currency": current_settings().shop_currency}
    row = session().execute(_offer_statement(which), values).one_or_none()
    if row is None:
        raise UnknownProduct(str(key))
    offer = _Offer(row.id, row.sku, row.name, row.page_slug, row.price, max(0, row.available))
    if row.has_variants:
        raise ChooseVariant(offer.product_id, offer.slug, offer.name)
    if not row.is_sold:
        raise UnknownProduct(offer.sku)
    return offer


@cache
def _offer_statement(which: str) -> sa.Select[Any]:
    variant = aliased(Product, name="any_variant")
    has_variants = sa.exists(variant.id).where(
        variant.parent_id == Product.id, variant.deleted_at.is_(None), Product.is_active
    )
    columns: tuple[Any, ...] = (
        Product.id,
        Product.sku,
        Product.name,
        sa.func.coalesce(Parent.slug, Product.slug).label("page_slug"),
        Product.price,
        sellable().label("available"),
        is_sold().label("is_sold"),
        has_variants.label("has_variants"),
    )
    wanted = (
        Product.id == sa.bindparam("key", type_=sa.Uuid())
        if which == "id"
        else Product.sku == sa.bindparam("key")
    )
    return (
        sa.select(*columns)
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .where(wanted, Product.deleted_at.is_(None), Product.currency == sa.bindparam("currency"))
    )


def _open_cart(identity: Identity) -> Any:
    """The upsert of this person's open cart; it locks the row, whether new or found."""
    values: dict[str, Any] = {"id": new_id(), "currency": current_settings().shop_currency}
    if identity.user_id is not None:
        owner: Any = Cart.user_id
        values["user_id"] = identity.user_id
    elif identity.session_id is not None:
        owner = Cart.session_id
        values["session_id"] = identity.session_id
    else:
        raise CartMissing
    return (
        insert(Cart)
        .values(**values)
        .on_conflict_do_update(
            index_elements=[owner],
            index_where=sa.text("status = 'open'"),
            set_={"updated_at": sa.func.now()},
        )
    )


def _lock_cart(identity: Identity) -> uuid.UUID | None:
    return session().scalar(sa.select(Cart.id).where(owned_by(identity)).with_for_update(key_share=True))


def _quantity_of(identity: Identity, product_id: uuid.UUID) -> int:
    query = sa.select(CartItem.quantity).join(Cart, Cart.id == CartItem.cart_id)
    return session().scalar(query.where(owned_by(identity), CartItem.product_id == product_id)) or 0


def _set_status(cart_id: uuid.UUID, status: str) -> None:
    session().execute(
        sa.update(Cart)
        .where(Cart.id == cart_id)
        .values(status=status)
        .execution_options(synchronize_session=False)
    )
