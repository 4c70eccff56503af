"""The end of an order of which nothing was sent and nothing will be, because all its goods were given back.

Whoever brings the news that the money has gone back comes here, at once or by the outbox, in a transaction of its own:
an order that is cancelled locks its products before any gift card.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from storefront.core.db import session, transaction, write
from storefront.orders.cancelling import cancel_what_went_back
from storefront.orders.models import Order
from storefront.orders.parcels import has_parcels
from storefront.orders.queries_for_refunds import refundable, refunds_wait
from storefront.orders.timeline import record_event


def end_what_went_back(order_id: uuid.UUID) -> None:
    """Cancel such an order once all its money went back, or nobody owes any; complete it where a part is kept.

    Nothing happens to any other, nor while a refund of it is under way. Safe to repeat.
    """
    with transaction():
        found = session().execute(
            sa.select(Order.order_number, Order.status, Order.fulfilment_status, Order.external_id)
            .where(Order.id == order_id)
            .with_for_update(key_share=True)
        )
        number, status, fulfilment_status, external_id = found.one()
        if status not in ("pending", "placed", "completed") or fulfilment_status != "unfulfilled":
            return
        if any(line.left.quantity for line in refundable(number).lines):
            return
        if cancel_what_went_back(number):
            return
        # What another shop has sold is sent, or not, by that shop.
        if status == "placed" and not (external_id or has_parcels(order_id) or refunds_wait(order_id)):
            write(sa.update(Order).where(Order.id == order_id).values(status="completed"))
            record_event(order_id, "nothing_to_send", from_status="placed", to_status="completed")
