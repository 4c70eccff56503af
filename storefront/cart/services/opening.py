"""The cart's own row: made once per owner, locked before lines are touched, closed when it became an order."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.cart.errors import CartMissing
from storefront.cart.models import Cart, CartItem
from storefront.cart.queries import owned_by
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.core.statements import execute, first, rows, scalar

_Key = Literal["id", "user_id", "session_id"]


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
    if identity.user_id is not None:
        return _locked("user_id", identity.user_id)
    return None if identity.session_id is None else _locked("session_id", identity.session_id)


def lock_cart(cart_id: uuid.UUID) -> LockedCart | None:
    """Lock a cart by its id; None when it is no longer open."""
    return _locked("id", cart_id)


def close_cart(cart: LockedCart, ordered: Mapping[uuid.UUID, int]) -> None:
    """The cart became an order: close it. What was added since the order was drawn up stays, in a new cart."""
    with transaction():
        set_status(cart.cart_id, "ordered")
        left = {
            product_id: quantity - ordered.get(product_id, 0)
            for product_id, quantity in cart.quantities.items()
            if quantity > ordered.get(product_id, 0)
        }
        if not left:
            return
        fresh = open_cart(Identity(cart.user_id, cart.session_id))
        session().execute(
            sa.insert(CartItem),
            [
                {"cart_id": fresh, "product_id": product_id, "quantity": quantity}
                for product_id, quantity in left.items()
            ],
        )


def _locked(key: _Key, value: uuid.UUID) -> LockedCart | None:
    cart = first(_locking(key), {"value": value})
    if cart is None:
        return None
    quantities = dict(rows(_quantities(), {"cart_id": cart.id}))
    return LockedCart(cart.id, cart.user_id, cart.session_id, cart.currency, quantities)


@cache
def _locking(key: _Key) -> sa.Select[Any]:
    """The open cart that is found by this column of it."""
    columns: tuple[Any, ...] = (Cart.id, Cart.user_id, Cart.session_id, Cart.currency)
    which = getattr(Cart, key) == sa.bindparam("value", type_=sa.Uuid())
    return sa.select(*columns).where(which, Cart.status == "open").with_for_update(key_share=True)


@cache
def _quantities() -> sa.Select[Any]:
    of_cart = CartItem.cart_id == sa.bindparam("cart_id", type_=sa.Uuid())
    columns: tuple[Any, ...] = (CartItem.product_id, CartItem.quantity)
    return sa.select(*columns).where(of_cart)


def open_cart(identity: Identity) -> uuid.UUID:
    """The id of this person's open cart, made where there is none; its row is locked, new or found.

    Raises :class:`CartMissing` for somebody without a session.
    """
    owner = identity.user_id or identity.session_id
    if owner is None:
        raise CartMissing
    values = {"id": new_id(), "currency": current_settings().shop_currency, "owner": owner}
    cart_id: uuid.UUID = scalar(_opening(of_user=identity.user_id is not None), values)
    return cart_id


@cache
def _opening(*, of_user: bool) -> Any:
    owner = Cart.user_id if of_user else Cart.session_id
    values = {"id": sa.bindparam("id"), "currency": sa.bindparam("currency"), "status": "open"}
    return (
        insert(Cart)
        .values({**values, owner.key: sa.bindparam("owner")})
        .on_conflict_do_update(
            index_elements=[owner],
            index_where=sa.text("status = 'open'"),
            set_={"updated_at": sa.func.now()},
        )
        .returning(Cart.id)
    )


def lock_cart_row(identity: Identity) -> uuid.UUID | None:
    """Lock this person's open cart, which they touch by it; its id, or None when there is none.

    A line that goes leaves no trace of when it went: who takes one out has not left the cart behind.
    """
    return session().scalar(
        sa.update(Cart)
        .where(owned_by(identity))
        .values(updated_at=sa.func.now())
        .returning(Cart.id)
        .execution_options(synchronize_session=False)
    )


def set_status(cart_id: uuid.UUID, status: str) -> None:
    """The cart is ``open``, ``merged`` or ``ordered`` from now on."""
    execute(_SET_STATUS, {"cart_id": cart_id, "status": status})


_SET_STATUS = (
    sa.update(Cart)
    .where(Cart.id == sa.bindparam("cart_id", type_=sa.Uuid()))
    .values(status=sa.bindparam("status"))
)
