"""Changes to orders: placing and settling (in modules of their own), and cancelling."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.inventory import services as inventory
from storefront.orders.addresses import PostalAddress
from storefront.orders.drafts import PlaceOrder, SeenAmount, announce, lines_of, record_event
from storefront.orders.errors import OrderNotCancellable
from storefront.orders.models import Order
from storefront.orders.money import capture_payment, look_again
from storefront.orders.paying import bring_up_to_date, let_go, process_event, reconcile_payments
from storefront.orders.placing import PlacedOrder, place_order
from storefront.orders.queries import is_cancellable, normal_number, visible_to
from storefront.orders.refunding import RefundLine, RefundRequest, refund_order, refund_payment
from storefront.orders.settling import settle_stranded_orders
from storefront.payments import services as payments
from storefront.promotions import services as promotions

__all__ = [
    "CancelledOrder",
    "PlaceOrder",
    "PlacedOrder",
    "PostalAddress",
    "RefundLine",
    "RefundRequest",
    "SeenAmount",
    "bring_up_to_date",
    "cancel_order",
    "capture_payment",
    "let_go",
    "look_again",
    "place_order",
    "process_event",
    "reconcile_payments",
    "refund_order",
    "refund_payment",
    "settle_stranded_orders",
]


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """The order that was cancelled."""

    order_id: uuid.UUID
    number: str


def cancel_order(identity: Identity, number: str, reason: str = "") -> CancelledOrder:
    """Cancel this person's order while it is not packed: its goods go back on the shelf, nobody has to pay.

    What a provider holds of it is let go of, and what it took goes back, after the commit, by a job.
    What a gift card has paid is on the card again, and promotions count as not used.

    Raises :class:`NotFound`, also for somebody else's order, and :class:`OrderNotCancellable`.
    """
    with transaction():
        row = (
            session()
            .execute(
                sa.select(
                    Order.id,
                    Order.order_number,
                    Order.status,
                    Order.fulfilment_status,
                    Order.payment_status,
                    Order.payment_method,
                    Order.user_id,
                )
                .where(Order.order_number == normal_number(number), visible_to(identity))
                .with_for_update(key_share=True)
            )
            .one_or_none()
        )
        if row is None:
            raise NotFound("order", number)
        if not is_cancellable(
            row.status, row.fulfilment_status, row.payment_status, row.payment_method or ""
        ):
            raise OrderNotCancellable(row.order_number, row.status)
        session().execute(
            sa.update(Order)
            .where(Order.id == row.id)
            .values(
                status="cancelled",
                # What was taken is on its way back until it is there.
                payment_status="paid" if row.payment_status == "paid" else "cancelled",
                cancelled_at=now(),
                cancel_reason=reason.strip()[:500] or None,
            )
            .execution_options(synchronize_session=False)
        )
        inventory.give_back(row.id, lines_of(row.id), note="order cancelled")
        promotions.release_order(row.id)
        payments.cancel_payments(row.id, "order cancelled")
        record_event(row.id, "cancelled", from_status=row.status, to_status="cancelled", actor="shopper")
        announce("order_cancelled", row.id, user_id=row.user_id, session_id=identity.session_id)
    return CancelledOrder(row.id, row.order_number)
