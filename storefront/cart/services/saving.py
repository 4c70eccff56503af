"""Saved for later: a line leaves the cart for the list below it, and comes back with today's price and stock."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from storefront.cart.errors import SavedListFull, UnknownProduct
from storefront.cart.models import MAXIMUM_QUANTITY, MOST_SAVED, CartItem, SavedLine
from storefront.cart.queries.saved import available_of, saved_by
from storefront.cart.services.lines import AddedLine, RemovedLine, add_line, remove_line
from storefront.cart.services.opening import lock_cart_row, open_cart
from storefront.core.db import session, transaction, write
from storefront.core.identity import Identity
from storefront.core.ids import new_id


def save_for_later(identity: Identity, product_id: uuid.UUID) -> RemovedLine | None:
    """Move a line out of the cart to the list below it; None when there is no such line (any more).

    What is saved already is added up, to 99 at most. Raises :class:`SavedListFull`; the cart is then as it was.
    """
    with transaction():
        cart_id = lock_cart_row(identity)
        price = session().scalar(
            sa.select(CartItem.unit_price).where(
                CartItem.cart_id == cart_id, CartItem.product_id == product_id
            )
        )
        removed = remove_line(identity, product_id)
        if removed is None:
            return None
        kept = sa.select(sa.func.count()).select_from(SavedLine).where(saved_by(identity))
        if (session().scalar(kept) or 0) >= MOST_SAVED:
            raise SavedListFull(MOST_SAVED)
        line = insert(SavedLine).values(
            id=new_id(),
            user_id=identity.user_id,
            session_id=None if identity.user_id else identity.session_id,
            product_id=product_id,
            quantity=removed.quantity,
            unit_price=price,
        )
        session().execute(_added_up(line, of_user=identity.user_id is not None))
    return removed


def return_to_cart(identity: Identity, product_id: uuid.UUID) -> AddedLine:
    """Move a saved line back into the cart, or as much of it as is there.

    Raises :class:`UnknownProduct` when nothing of it is saved, and what :func:`add_line` raises; it then stays saved.
    """
    with transaction():
        open_cart(identity)
        saved = sa.and_(saved_by(identity), SavedLine.product_id == product_id)
        quantity = session().scalar(sa.select(SavedLine.quantity).where(saved))
        if quantity is None:
            raise UnknownProduct(str(product_id))
        added = add_line(identity, product_id, max(1, min(quantity, available_of(product_id))))
        write(sa.delete(SavedLine).where(saved))
    return added


def drop_saved(identity: Identity, product_id: uuid.UUID) -> bool:
    """Forget a saved line; False when there is none."""
    with transaction():
        return bool(write(sa.delete(SavedLine).where(saved_by(identity), SavedLine.product_id == product_id)))


def merge_saved(from_session_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """At sign-in: what the guest has saved joins the user's, quantities summed up to 99; returns how many lines."""
    guest = saved_by(Identity(session_id=from_session_id))
    columns = ["id", "user_id", "product_id", "quantity", "unit_price"]
    with transaction():
        chosen = (
            sa.delete(SavedLine)
            .where(guest)
            .returning(SavedLine.product_id, SavedLine.quantity, SavedLine.unit_price)
            .cte("gone")
        )
        # By product, so that two sign-ins at once wait for each other and never in a circle.
        moved = insert(SavedLine).from_select(
            columns,
            sa.select(
                sa.func.gen_random_uuid(),
                sa.literal(user_id),
                chosen.c.product_id,
                chosen.c.quantity,
                chosen.c.unit_price,
            ).order_by(chosen.c.product_id),
        )
        return len(session().execute(_added_up(moved, of_user=True)).all())


def _added_up(line: Insert, *, of_user: bool) -> Any:
    together = sa.func.least(MAXIMUM_QUANTITY, SavedLine.quantity + line.excluded.quantity)
    owner = SavedLine.user_id if of_user else SavedLine.session_id
    return line.on_conflict_do_update(
        index_elements=[owner, SavedLine.product_id],
        set_={"quantity": together, "unit_price": line.excluded.unit_price},
    ).returning(SavedLine.id)
