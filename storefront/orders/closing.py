"""The end of an order of which a part was sent: the rest never will be, and nobody owes anything for it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import transaction, write
from storefront.core.money import ZERO
from storefront.inventory import services as inventory
from storefront.orders.errors import NotShippable
from storefront.orders.fulfilment import LockedOrder, lock_order
from storefront.orders.models import OrderItem
from storefront.orders.parcels import Sendable, close, sendable_lines
from storefront.orders.queries import SHIPPABLE
from storefront.orders.queries_for_refunds import order_refund, refundable
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, promise_refund
from storefront.payments import refunds
from storefront.payments import services as payments
from storefront.payments.captures import pending_captures
from storefront.payments.errors import CaptureInProgress
from storefront.payments.queries import payments_at_provider


def close_order(actor_id: uuid.UUID, number: str, reason: str = "") -> Decimal:
    """What was not sent of a partly sent order never will be; returns what the shopper owes less by it.

    Its units go back on the shelf. What is reserved for them on a card is let go of, what was charged goes back, and an
    open amount falls. Raises NotAllowed, NotFound, :class:`NotShippable` and :class:`CaptureInProgress`.
    """
    with transaction():
        require_permission(actor_id, "orders", "cancel")
        order = lock_order(number)
        lines = sendable_lines(order.id)
        if order.fulfilment_status != "partial" or order.status not in SHIPPABLE:
            raise NotShippable(order.number, "state")
        # What is being taken at this moment, for a parcel or by hand, is not known to be let go of.
        if pending_captures(order_id=order.id):
            raise CaptureInProgress(order.number)
        units: dict[uuid.UUID, int] = {}
        for line in lines:
            if line.left and line.product_id is not None:
                units[line.product_id] = units.get(line.product_id, 0) + line.left
        inventory.cancel_sale(order.id, units, user_id=actor_id, note="will not be sent")
        for line in lines:  # what was given back before it was sent is on the shelf, or is not
            counted = OrderItem.cancelled_quantity + line.left
            write(sa.update(OrderItem).where(OrderItem.id == line.id).values(cancelled_quantity=counted))
        close(order.id, order.status, f"staff:{actor_id}", reason.strip()[:500])
        record_audit(actor_id, "close", "order", order.id)
        rest, waiting_refunds = _owe_less(order, lines)
    for refund_id in waiting_refunds:
        refunds.send_refund(refund_id)
    return rest


def _owe_less(order: LockedOrder, lines: list[Sendable]) -> tuple[Decimal, list[uuid.UUID]]:
    """The shopper owes less by what is not sent; returns how much, and refunds that are to be sent.

    It is a refund like any other, so that no line of it is given back again: of what a card has only promised, less is
    taken.
    """
    for payment in payments_at_provider(order.id):
        if payment.status == "authorised":
            payments.ask_to_release(payment)
    worth = {line.id: line.left.amount for line in refundable(order.number).lines}
    unsent = [RefundLine(line.id, quantity=line.left) for line in lines if line.left and worth[line.id]]
    if not unsent:
        return ZERO, []
    order_refund_id, waiting = promise_refund(
        None, order.number, RefundRequest(lines=unsent, reason="will not be sent", lets_go=True)
    )
    return order_refund(order_refund_id).amount, waiting
