"""Orders whose process died between two steps: each ends as placed, or as cancelled and released."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
import structlog

from storefront.cart import services as carts
from storefront.core.clock import now
from storefront.core.db import release, session, transaction
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.orders.drafts import Draft, abandon, head_of, lines_of
from storefront.orders.errors import CheckoutExpired
from storefront.orders.models import Order
from storefront.orders.paying import give_up
from storefront.orders.placing import pay_and_finalise
from storefront.payments.errors import PaymentDeclined
from storefront.payments.queries import known_method

log = structlog.get_logger(__name__)
GRACE = timedelta(seconds=60)
"""Younger drafts are left alone: their own request is most likely still at work."""
_BATCH = 200


def settle_stranded_orders() -> dict[str, int]:
    """Finish or give up every draft that is older than a minute; returns how many of each.

    Run by a job, safe to run twice at once. A draft whose hold still stands, whose cart still wants the same
    and whose payment needs nobody is finished: the shopper did press the button. Any other is given up once
    its hold is over; where a provider was asked, it is told first, and a payment that came late makes the order count.
    """
    counts = {"placed": 0, "cancelled": 0}
    stranded = session().scalars(
        sa.select(Order.id)
        .where(Order.status == "draft", Order.created_at < now() - GRACE)
        .order_by(Order.created_at)
        .limit(_BATCH)
    )
    for order_id in stranded.all():
        release()
        try:
            outcome = settle(order_id)
        except Exception:  # whatever is wrong with this one, those behind it are settled
            log.exception("order_not_settled", order=str(order_id))
            release()
            continue
        if outcome is not None:
            counts[outcome] += 1
    return counts


def settle(order_id: uuid.UUID) -> str | None:
    """Bring one draft to its end: ``placed`` or ``cancelled``; None when it waits for its shopper."""
    with transaction():
        draft = head_of(order_id)
        reason = _why_not(draft)
        method = known_method(draft.payment_method)
    needs_shopper = method is not None and method.needs_shopper
    if draft.status != "draft" or (reason is None and needs_shopper):
        return None
    if reason is not None and needs_shopper:
        outcome = give_up(order_id, reason)
        return outcome if outcome in ("placed", "cancelled") else None
    if reason is not None:
        return "cancelled" if abandon(order_id, reason) else None
    try:
        pay_and_finalise(draft)
    except (InsufficientStock, CheckoutExpired, PaymentDeclined):
        return "cancelled"
    return "placed"


def _why_not(draft: Draft) -> str | None:
    """Why this draft must not become an order any more; None when it may."""
    units = lines_of(draft.id)
    if inventory.held_for(draft.id, at=now()) != units:
        return "expired"
    cart = carts.lock_cart(draft.cart_id) if draft.cart_id else None
    if cart is None or any(cart.quantities.get(one, 0) < wanted for one, wanted in units.items()):
        return "left"
    return None
