"""Adding, changing and removing lines."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from storefront.cart.errors import ChooseVariant, QuantityOutOfRange, UnknownProduct
from storefront.cart.models import MAXIMUM_QUANTITY, Cart, CartItem
from storefront.cart.queries import owned_by
from storefront.cart.queries.lines import Parent, is_sold
from storefront.cart.services.opening import lock_cart_row, open_cart
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.core.statements import first, scalar
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import sellable


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
        values = {
            "id": new_id(),
            "cart_id": open_cart(identity),
            "product_id": offer.product_id,
            "quantity": quantity,
            "unit_price": offer.price,
            "most": limit,
        }
        result = scalar(_addition(), values)
        if result is None:
            wanted = quantity + _quantity_of(identity, offer.product_id)
            if wanted > MAXIMUM_QUANTITY:
                raise QuantityOutOfRange(wanted)
            raise InsufficientStock(offer.product_id, offer.name, wanted, offer.available)
    return AddedLine(offer.product_id, offer.sku, offer.name, quantity, result)


@cache
def _addition() -> Any:
    names = ("id", "cart_id", "product_id", "quantity", "unit_price")
    line = insert(CartItem).values({name: sa.bindparam(name) for name in names})
    together = CartItem.quantity + line.excluded.quantity
    return line.on_conflict_do_update(
        index_elements=[CartItem.cart_id, CartItem.product_id],
        set_={"quantity": together, "unit_price": line.excluded.unit_price},
        where=together <= sa.bindparam("most", type_=sa.Integer()),
    ).returning(CartItem.quantity)


def set_quantity(identity: Identity, product_id: uuid.UUID, quantity: int) -> AddedLine:
    """Make the line's quantity ``quantity``. Raises as :func:`add_line`, UnknownProduct for no such line."""
    _check_quantity(quantity)
    with transaction():
        cart_id = lock_cart_row(identity)
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
        cart_id = lock_cart_row(identity)
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
        cart_id = lock_cart_row(identity)
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
        cart_id = lock_cart_row(identity)
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


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAXIMUM_QUANTITY:
        raise QuantityOutOfRange(quantity)


def _offer(which: str, key: object) -> _Offer:
    """The product whose ``which`` (``id`` or ``sku``) is ``key``, if it can be put into a cart."""
    values = {"key": key, "moment": now(), "currency": current_settings().shop_currency}
    row = first(_offer_statement(which), values)
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


def _quantity_of(identity: Identity, product_id: uuid.UUID) -> int:
    query = sa.select(CartItem.quantity).join(Cart, Cart.id == CartItem.cart_id)
    return session().scalar(query.where(owned_by(identity), CartItem.product_id == product_id)) or 0
