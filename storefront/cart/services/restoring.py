"""A cart on another device: its lines are copied into the visitor's own cart, the first one stays as it was."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from storefront.cart.models import Cart, CartItem
from storefront.cart.queries import owned_by
from storefront.cart.services.lines import add_line
from storefront.cart.services.opening import open_cart
from storefront.core.db import session, transaction, write
from storefront.core.errors import DomainError
from storefront.core.identity import Identity
from storefront.inventory.errors import InsufficientStock


def copy_cart(cart_id: uuid.UUID, identity: Identity) -> int:
    """Put what lies in an open cart into this guest's own, as far as it is sold; returns how many lines came.

    What lies there already is not added a second time. Whoever owns the cart needs no copy, and gets none.
    """
    with transaction():
        source = session().scalar(sa.select(Cart.id).where(Cart.id == cart_id, Cart.status == "open"))
        if source is None or session().scalar(sa.select(Cart.id).where(owned_by(identity))) == cart_id:
            return 0
        target = open_cart(identity)
        there = sa.select(CartItem.product_id).where(CartItem.cart_id == target)
        missing = session().execute(
            sa.select(CartItem.product_id, CartItem.quantity)
            .where(CartItem.cart_id == source, CartItem.product_id.not_in(there))
            .order_by(CartItem.created_at, CartItem.id)
        )
        copied = sum(_add(identity, product_id, quantity) for product_id, quantity in missing.all())
        if identity.user_id is None:
            write(sa.update(Cart).where(Cart.id == target).values(restored_from=source))
        return copied


def _add(identity: Identity, product_id: uuid.UUID, quantity: int) -> bool:
    """Whether the line could be added: what is sold out or gone stays behind."""
    try:
        add_line(identity, product_id, quantity)
    except InsufficientStock as short:
        if short.available < 1:
            return False
        add_line(identity, product_id, short.available)
    except DomainError:
        return False
    return True
