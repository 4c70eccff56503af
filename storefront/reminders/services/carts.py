"""One letter about a cart that was left: to people who asked for it, and to nobody who has bought since."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.models import Consent, User
from storefront.accounts.queries import CART_REMINDER, may_sign_in
from storefront.cart.models import Cart, CartItem
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings
from storefront.orders.models import Order
from storefront.reminders.models import CartReminder

_TOO_OLD = timedelta(days=7)
_SAME_VISIT = timedelta(hours=1)
"""What is left over from an order was touched with it: nobody has left that."""
_BATCH = 500


def remind_of_carts() -> int:
    """Have letters written about carts that were left long enough ago; returns how many. Run by a job.

    Once per cart: its key in ``cart_reminders`` says so, however many workers run this at once.
    """
    left_until = now() - timedelta(hours=current_settings().cart_reminder_hours)
    with transaction():
        candidates = _left(left_until).limit(_BATCH).subquery()
        chosen = session().scalars(
            insert(CartReminder)
            .from_select(["cart_id"], sa.select(candidates.c.id))
            .on_conflict_do_nothing(index_elements=[CartReminder.cart_id])
            .returning(CartReminder.cart_id)
        )
        reminded = list(chosen)
        for cart_id in reminded:
            enqueue("mail.cart_reminder", cart_id=str(cart_id))
    return len(reminded)


def take_reminder(cart_id: uuid.UUID) -> uuid.UUID | None:
    """The user who is to be written to about a cart now, or None: bought, emptied, changed or taken back since.

    Whoever has touched the cart meanwhile is back and needs no letter. A letter that failed is asked for here again.
    """
    left_until = now() - timedelta(hours=current_settings().cart_reminder_hours)
    with transaction():
        user_id: uuid.UUID | None = session().scalar(
            _left(left_until, again=True).with_only_columns(Cart.user_id).where(Cart.id == cart_id)
        )
        if user_id is not None:
            write(sa.update(CartReminder).where(CartReminder.cart_id == cart_id).values(sent_at=now()))
    return user_id


def _left(left_until: datetime, *, again: bool = False) -> sa.Select[Any]:
    """Open carts with something in them that nobody has touched since ``left_until``, of people who want a letter."""
    last_line = (
        sa.select(sa.func.max(sa.func.greatest(CartItem.updated_at, CartItem.created_at)))
        .where(CartItem.cart_id == Cart.id)
        .correlate(Cart)
        .scalar_subquery()
    )
    touched = sa.func.greatest(Cart.updated_at, last_line)
    bought = sa.exists(Order.id).where(
        sa.or_(Order.user_id == Cart.user_id, Order.guest_email == User.email),
        sa.or_(Order.placed_at >= touched - _SAME_VISIT, Order.status.in_(["draft", "pending"])),
    )
    statement = (
        sa.select(Cart.id)
        .join(User, sa.and_(User.id == Cart.user_id, may_sign_in()))
        .join(
            Consent,
            sa.and_(
                Consent.user_id == User.id,
                Consent.purpose == CART_REMINDER,
                Consent.withdrawn_at.is_(None),
            ),
        )
        .where(
            Cart.status == "open",
            Cart.updated_at > left_until - _TOO_OLD,
            Cart.updated_at <= left_until,
            last_line.is_not(None),
            touched <= left_until,
            sa.not_(bought),
        )
    )
    if not again:
        reminded = sa.exists(CartReminder.cart_id).where(CartReminder.cart_id == Cart.id)
        statement = statement.where(sa.not_(reminded))
    return statement
