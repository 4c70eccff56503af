"""What staff do with an order's money: take what was authorised, ask how it stands. ``refunding`` gives it back."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.orders.drafts import head_of, record_event
from storefront.orders.models import Order
from storefront.orders.paying import bring_up_to_date
from storefront.orders.queries import normal_number
from storefront.payments import services as payments
from storefront.payments.errors import NothingToCapture
from storefront.payments.queries import PaymentRow, payments_of
from storefront.providers.payment_provider import PaymentProviderFailure


def capture_payment(number: str, amount: Decimal | None = None) -> Decimal:
    """Take ``amount`` of what was authorised for this order, or all of it; the rest is let go of. Returns the amount.

    Once per payment. Raises :class:`NotFound`, :class:`NothingToCapture`, also for an order that was cancelled, and
    :class:`PaymentProviderFailure`: when nobody knows what came of it, the reconcile job finds out.
    """
    with transaction():
        order_id, payment = _paid_by(number, ("authorised",))
        status = head_of(order_id, lock=True).status
        if payment is None or status in ("draft", "pending", "cancelled"):
            raise NothingToCapture(normal_number(number), payment.status if payment else "none")
        wanted = payment.amount if amount is None else amount
        if not 0 < wanted <= payment.amount:
            raise NothingToCapture(normal_number(number), payment.status, wanted, payment.amount)
    try:
        state = payments.capture(payment, wanted)
    except PaymentProviderFailure as failure:
        if failure.code != "refused":
            raise
        raise NothingToCapture(normal_number(number), failure.reason) from failure
    with transaction():
        status = head_of(order_id, lock=True).status
        if payments.record_capture(payment.id, state.captured):
            if status == "cancelled":  # in between: then it goes back
                payments.have_let_go(order_id)
            else:
                session().execute(
                    sa.update(Order)
                    .where(Order.id == order_id, Order.payment_status == "authorised")
                    .values(payment_status="paid")
                    .execution_options(synchronize_session=False)
                )
            record_event(order_id, "paid", actor="staff", note=f"{state.captured} {payment.currency}")
    return state.captured


def look_again(number: str) -> str:
    """Ask the provider about this order's payment; returns how the order stands. Raises as ``bring_up_to_date``."""
    with transaction():
        order_id = _order_id(number)
    return bring_up_to_date(order_id)


def _paid_by(number: str, statuses: tuple[str, ...]) -> tuple[uuid.UUID, PaymentRow | None]:
    order_id = _order_id(number)
    found = [one for one in payments_of(order_id) if one.status in statuses]
    return order_id, found[-1] if found else None


def _order_id(number: str) -> uuid.UUID:
    order_id = session().scalar(sa.select(Order.id).where(Order.order_number == normal_number(number)))
    if order_id is None:
        raise NotFound("order", number)
    return order_id
