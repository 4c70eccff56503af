"""Carts over time: a guest's joins the user's at sign-in, forgotten ones go."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.cart.models import MAXIMUM_QUANTITY, Cart, CartItem
from storefront.cart.queries import owned_by
from storefront.cart.services.opening import open_cart, set_status
from storefront.cart.services.paying import take_over_codes
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity

CLOSED_CARTS_KEPT = timedelta(days=90)
OPEN_CARTS_KEPT = timedelta(days=365)


def merge_carts(from_session_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """At sign-in: the guest's lines join the user's cart, quantities summed up to 99; returns how many lines.

    Of a copy of that very cart (:func:`copy_cart`) the larger quantity counts.

    Run twice, or from two browsers at once, it merges each guest's cart exactly once.
    """
    guest = owned_by(Identity(session_id=from_session_id))
    with transaction():
        if session().scalar(sa.select(Cart.id).where(guest)) is None:
            return 0
        target = open_cart(Identity(user_id=user_id))
        locked = sa.select(Cart.id, Cart.restored_from).where(guest).with_for_update(key_share=True)
        found = session().execute(locked).one_or_none()
        if found is None:
            return 0
        source, is_copy = found.id, found.restored_from == target
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
                    "quantity": sa.func.greatest(CartItem.quantity, moved.excluded.quantity)
                    if is_copy
                    else sa.func.least(MAXIMUM_QUANTITY, CartItem.quantity + moved.excluded.quantity)
                },
            ).returning(CartItem.id)
        )
        take_over_codes(source, target)
        set_status(source, "merged")
        return len(lines.all())


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
