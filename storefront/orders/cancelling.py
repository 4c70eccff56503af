"""Cancelling an order of which nothing was sent: by its shopper, or by staff."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.inventory import services as inventory
from storefront.orders.changing import end_waiting
from storefront.orders.drafts import lines_of
from storefront.orders.errors import OrderNotCancellable
from storefront.orders.models import Order
from storefront.orders.parcels import has_parcels
from storefront.orders.queries import CANCELLABLE, SETTLED, is_cancellable, normal_number, visible_to
from storefront.orders.queries_for_refunds import awaits_gift_card, refundable
from storefront.orders.timeline import announce, record_event
from storefront.payments import services as payments
from storefront.promotions import services as promotions


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """The order that was cancelled."""

    order_id: uuid.UUID
    number: str


def cancel_order(identity: Identity, number: str, reason: str = "") -> CancelledOrder:
    """Cancel this person's order while nothing of it is packed: its goods go back on the shelf, nobody has to pay.

    What a provider holds of it is let go of, and what it took goes back, after the commit, by a job.
    What a gift card has paid is on the card again, and promotions count as not used.

    Raises :class:`NotFound`, also for somebody else's order, and :class:`OrderNotCancellable`.
    """
    with transaction():
        order = _lock(number, visible_to(identity))
        return _cancel(order, number, reason, "shopper", identity.session_id)


def cancel_for_shopper(actor_id: uuid.UUID, number: str, reason: str = "") -> CancelledOrder:
    """Staff cancel an order of which nothing was sent. Raises NotAllowed, else as :func:`cancel_order`."""
    with transaction():
        require_permission(actor_id, "orders", "cancel")
        order = _lock(number, Order.status != "draft")
        cancelled = _cancel(order, number, reason, f"staff:{actor_id}", None)
        record_audit(actor_id, "cancel", "order", cancelled.order_id)
        return cancelled


def cancel_what_went_back(number: str) -> bool:
    """Cancel an order of which nothing was sent, and all units and all money were given back. False for any other.

    Also one that was complete because a part of the money was kept, which is given back by now.
    """
    with transaction():
        was_complete = sa.and_(Order.status == "completed", Order.fulfilment_status == "unfulfilled")
        order = _lock(number, sa.or_(Order.status.in_(CANCELLABLE), was_complete))
        if order is None or order.payment_status not in SETTLED:
            return False
        if any(line.left.quantity for line in refundable(number).lines):
            return False
        if order.status == "completed":
            write(sa.update(Order).where(Order.id == order.id).values(status="placed"))
            order = _lock(number, Order.status.in_(CANCELLABLE))
        if order is None or not _is_cancellable(order):
            return False
        _cancel(order, number, "", "system", None)
        return True


def _lock(number: str, which: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
    columns: tuple[Any, ...] = (
        Order.id,
        Order.order_number,
        Order.status,
        Order.fulfilment_status,
        Order.payment_status,
        Order.payment_method,
        Order.user_id,
    )
    return (
        session()
        .execute(
            sa.select(*columns)
            .where(Order.order_number == normal_number(number), which)
            .with_for_update(key_share=True)
        )
        .one_or_none()
    )


def _is_cancellable(row: sa.Row[Any]) -> bool:
    may = is_cancellable(row.status, row.fulfilment_status, row.payment_status, row.payment_method or "")
    # A parcel that is being prepared has its card charged at this moment; a gift card's part that is on its way back
    # must not go back a second time.
    return may and not has_parcels(row.id) and not awaits_gift_card(row.id)


def _cancel(
    row: sa.Row[Any] | None, number: str, reason: str, actor: str, session_id: uuid.UUID | None
) -> CancelledOrder:
    if row is None:
        raise NotFound("order", number)
    if not _is_cancellable(row):
        raise OrderNotCancellable(row.order_number, row.status)
    inventory.lock_products([*lines_of(row.id), *inventory.held_for(row.id)])
    end_waiting(row.id, "order cancelled")
    # What was taken is on its way back until it is there.
    is_taken = row.payment_status in ("paid", "partially_refunded", "refunded")
    write(
        sa.update(Order)
        .where(Order.id == row.id)
        .values(
            status="cancelled",
            payment_status=row.payment_status if is_taken else "cancelled",
            cancelled_at=now(),
            cancel_reason=reason.strip()[:500] or None,
        )
    )
    inventory.cancel_sale(row.id, lines_of(row.id), note="order cancelled")
    promotions.release_order(row.id)
    payments.cancel_payments(row.id, "order cancelled")
    record_event(row.id, "cancelled", from_status=row.status, to_status="cancelled", actor=actor)
    announce("order_cancelled", row.id, user_id=row.user_id, session_id=session_id)
    return CancelledOrder(row.id, row.order_number)
