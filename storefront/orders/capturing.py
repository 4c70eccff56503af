"""Taking what was promised for an order: by staff, and for each parcel that leaves.

The capture is written down with its parcel, the provider is asked with no transaction open, and what came of it is
written under the order's lock. Whoever dies in between leaves a pending capture, which the reconcile job settles: the
parcel then leaves, or its units are free again.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
import structlog

from storefront.core.db import release, transaction, write
from storefront.orders.drafts import head_of
from storefront.orders.models import Order
from storefront.orders.parcels import drop_parcel, send_off
from storefront.orders.payment_letters import tell_received
from storefront.orders.refund_settling import close_if_nothing_is_owed, order_follows_refunds
from storefront.orders.timeline import record_event
from storefront.payments import captures
from storefront.payments import services as payments
from storefront.payments.asked import note_capture_asked
from storefront.payments.captures import CaptureRow
from storefront.payments.errors import CaptureRefused
from storefront.payments.methods import PaymentState
from storefront.payments.queries import payment_row, payments_of
from storefront.providers.payment_provider import PaymentProviderFailure

log = structlog.get_logger(__name__)


def take(capture_id: uuid.UUID, *, again: bool = False) -> Decimal:
    """Have a pending capture taken and act on the answer; returns all that was taken of the payment so far.

    ``again``: somebody may have tried before. No transaction may be open. Raises :class:`CaptureRefused`, after which
    its parcel is not sent, and :class:`PaymentProviderFailure`, after which everything waits.
    """
    with transaction():
        capture = captures.capture_row(capture_id)
    try:
        state = captures.send_capture(capture_id, again=again)
    except CaptureRefused as refusal:
        _refused(capture, refusal.reason)
        raise
    with transaction():
        status = head_of(capture.order_id, lock=True).status
        if captures.settle_capture(capture_id, "succeeded"):
            _taken(capture, state, status)
    return state.captured


def _taken(capture: CaptureRow, state: PaymentState, status: str) -> None:
    is_all = state.status == "captured"
    payments.record_capture(capture.payment_id, state.captured, final=is_all)
    note = f"{capture.amount} {capture.currency}"
    if status == "cancelled":  # in between: then it goes back
        payments.have_let_go(capture.order_id)
    elif is_all:
        paid(capture.order_id)
        # A part may have gone back while more was promised.
        order_follows_refunds(capture.order_id, capture.payment_id)
    record_event(capture.order_id, "paid" if is_all else "charged", actor=capture.actor, note=note)
    if capture.shipment_id is not None:
        send_off(capture.order_id, capture.shipment_id, capture.actor)
    elif status != "cancelled":
        tell_received(payment_row(capture.payment_id), capture.amount, is_all=is_all)


def paid(order_id: uuid.UUID) -> bool:
    """The order's money is here, as far as it is wanted. False when that was known, or more of it is promised."""
    if any(one.is_own and one.status == "authorised" for one in payments_of(order_id)):
        return False
    waiting = sa.and_(Order.id == order_id, Order.payment_status.in_(["pending", "authorised", "failed"]))
    return bool(write(sa.update(Order).where(waiting).values(payment_status="paid")))


def _refused(capture: CaptureRow, reason: str) -> None:
    with transaction():
        head_of(capture.order_id, lock=True)
        if captures.settle_capture(capture.id, "failed", reason) and capture.shipment_id is not None:
            drop_parcel(capture.order_id, capture.shipment_id, reason)


def reconcile_captures(before: datetime, limit: int) -> tuple[int, int]:
    """Settle captures that nobody was asked about since ``before``, ``limit`` of them at the most.

    Returns how many were settled, and how many failed.
    """
    with transaction():
        waiting = captures.pending_captures(before=before, limit=limit)
    settled = failed = 0
    for capture_id in waiting:
        note_capture_asked(capture_id)
        try:
            take(capture_id, again=True)
            settled += 1
        except CaptureRefused:
            settled += 1
        except Exception:  # whatever is wrong with this one, those behind it are asked for
            log.exception("capture_not_reconciled", capture=str(capture_id))
            failed += 1
        release()
    return settled, failed


def release_rest(payment_id: uuid.UUID, order_id: uuid.UUID) -> None:
    """Have the provider let go of what is promised and will not be taken. Safe to repeat, no transaction may be open.

    Raises :class:`PaymentProviderFailure`; then it is to be called again.
    """
    with transaction():
        payment = next(one for one in payments_of(order_id) if one.id == payment_id)
    if payment.status != "authorised" or not payment.provider_reference:
        return
    try:
        payments.void(payment.provider, payment.provider_reference, str(payment.id))
    except PaymentProviderFailure as failure:
        if failure.code != "refused":
            raise
    state = payments.ask(payment)
    if state is None or state.status not in ("captured", "cancelled"):
        raise PaymentProviderFailure("busy", "the rest is not let go of yet")
    with transaction():
        head_of(order_id, lock=True)
        if state.status == "captured":
            payments.record_capture(payment_id, state.captured)
            paid(order_id)
            order_follows_refunds(order_id, payment_id)
        elif payments.record_lapse(payment_id):
            close_if_nothing_is_owed(order_id)
            order_follows_refunds(order_id, payment_id)
        record_event(order_id, "rest_released")
