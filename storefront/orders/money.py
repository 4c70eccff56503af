"""What staff do with an order's money: take what was authorised, ask how it stands. ``refunding`` gives it back."""

from __future__ import annotations

import uuid
from contextlib import suppress
from decimal import Decimal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.money import round_money
from storefront.orders.capturing import take
from storefront.orders.drafts import head_of
from storefront.orders.models import Order
from storefront.orders.paying import bring_up_to_date
from storefront.orders.queries import normal_number
from storefront.payments.captures import open_capture, pending_captures
from storefront.payments.errors import CaptureRefused, NothingToCapture
from storefront.payments.queries import PaymentRow, payments_of


def capture_payment(
    number: str, amount: Decimal | None = None, *, final: bool = True, actor_id: uuid.UUID | None = None
) -> Decimal:
    """Take ``amount`` of what was authorised for this order, or all that is left of it. Returns the amount.

    What an exchange costs on top is not taken with it: that is recorded on the exchange.

    The rest is let go of, unless it is not ``final``: then it stays reserved, where the card allows that. ``actor_id``
    None is the command line. Raises NotAllowed, :class:`NotFound`, :class:`NothingToCapture`, also for an order that
    was cancelled, :class:`CaptureInProgress`, and :class:`PaymentProviderFailure`: when nobody knows what came of it,
    the reconcile job finds out.
    """
    with transaction():
        if actor_id is not None:
            require_permission(actor_id, "orders", "write")
        order_id, payment = _paid_by(number, ("authorised",))
        status = head_of(order_id, lock=True).status
        if payment is None or status in ("draft", "pending", "cancelled"):
            raise NothingToCapture(normal_number(number), payment.status if payment else "none")
        # Again under the lock: a part may have been taken since.
        payment = next(one for one in payments_of(order_id) if one.id == payment.id)
        wanted = payment.uncaptured if amount is None else round_money(amount)
        if not 0 < wanted <= payment.uncaptured:
            raise NothingToCapture(normal_number(number), payment.status, wanted, payment.uncaptured)
        is_final = final or wanted == payment.uncaptured
        actor = f"staff:{actor_id}" if actor_id else "staff"
        capture_id = open_capture(payment, normal_number(number), wanted, is_final=is_final, actor=actor)
        if actor_id is not None:
            record_audit(actor_id, "capture", "order", order_id, metadata={"amount": str(wanted)})
    try:
        take(capture_id)
    except CaptureRefused as refusal:
        raise NothingToCapture(normal_number(number), refusal.reason, in_parts=not is_final) from refusal
    return wanted


def look_again(number: str) -> str:
    """Ask the provider about this order's payment; returns how the order stands. Raises as ``bring_up_to_date``.

    A capture that nobody has answered is settled with it, and a parcel that waits for it leaves.
    """
    with transaction():
        order_id = _order_id(number)
        waiting = pending_captures(order_id=order_id)
    for capture_id in waiting:
        with suppress(CaptureRefused):
            take(capture_id, again=True)
    return bring_up_to_date(order_id)


def _paid_by(number: str, statuses: tuple[str, ...]) -> tuple[uuid.UUID, PaymentRow | None]:
    order_id = _order_id(number)
    own = [one for one in payments_of(order_id) if one.status in statuses and one.is_own]
    return order_id, own[-1] if own else None


def _order_id(number: str) -> uuid.UUID:
    order_id = session().scalar(sa.select(Order.id).where(Order.order_number == normal_number(number)))
    if order_id is None:
        raise NotFound("order", number)
    return order_id
