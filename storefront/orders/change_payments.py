"""What becomes of a change when its card was asked: it is made, or its card is let go of. Never neither."""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta
from typing import Literal

import sqlalchemy as sa
import structlog

from storefront.core.clock import now
from storefront.core.db import release, session, transaction, write
from storefront.core.errors import DomainError
from storefront.core.identity import Identity
from storefront.core.outbox import NotBefore
from storefront.core.settings import current_settings
from storefront.orders.change_pricing import reprice
from storefront.orders.change_quotes import Quote
from storefront.orders.change_writing import apply_change, lock_goods
from storefront.orders.changeable import current_order, wanted_from
from storefront.orders.changing import check_changeable, end_waiting
from storefront.orders.drafts import head_of
from storefront.orders.errors import TotalChanged
from storefront.orders.letting_go import StillUndecided, drop
from storefront.orders.models import Order, OrderChange
from storefront.orders.queries import normal_number, visible_to
from storefront.orders.timeline import record_event
from storefront.payments import changing as change_payments
from storefront.payments import services as payments
from storefront.payments.methods import PaymentState, unpaid
from storefront.payments.queries import PaymentRow, payment_row, payments_of
from storefront.providers.payment_provider import PaymentProviderFailure

log = structlog.get_logger(__name__)
Outcome = Literal["changed", "waiting", "processing", "declined", "unknown", "ended"]


def waiting_payment(identity: Identity, number: str) -> PaymentRow | None:
    """The payment that a change of this person's order waits for; None where none waits."""
    mine = sa.and_(Order.order_number == normal_number(number), visible_to(identity))
    payment_id = session().scalar(
        sa.select(OrderChange.payment_id)
        .join(Order, Order.id == OrderChange.order_id)
        .where(mine, OrderChange.status == "waiting")
    )
    return payment_row(payment_id) if payment_id is not None else None


def settle_change(payment: PaymentRow) -> Outcome:
    """Ask the provider about the payment of a change and act on the answer. No transaction may be open.

    ``unknown`` where it was never begun there. Raises :class:`PaymentProviderFailure`.
    """
    state = payments.ask(payment)
    if state is not None and not payment.provider_reference:
        change_payments.record_change_reference(payment.id, state.reference)
    if state is None or state.is_unpaid:
        payments.record_error(payment, state.error if state else "")
        return unpaid(state)
    with transaction():
        head_of(payment.order_id, lock=True)
        change = _change(payment.id)
        if change is None or change.status == "applied":
            return "changed"
        if change.status == "ended" or state.status == "cancelled":
            end_waiting(payment.order_id, "left")
            return "ended"
    return _make(payment, state)


def _make(payment: PaymentRow, state: PaymentState) -> Outcome:
    """The card has paid: the change is made, unless somebody has cancelled or sent the order, or bought its goods."""
    try:
        with transaction():
            order = current_order(Order.id == payment.order_id, lock=True)
            change = _change(payment.id)
            if order is None or change is None or change.status != "waiting":
                return "ended" if change is None or change.status == "ended" else "changed"
            check_changeable(order)
            if not state.is_for(payment.amount, payment.currency):
                raise TotalChanged(payment.amount, state.amount or payment.amount, payment.currency)
            after = reprice(order, wanted_from(change.wanted))
            if after.totals.total != change.expected_total:
                raise TotalChanged(change.expected_total, after.totals.total, order.currency)
            quote = Quote(order, after, "pay", payment.amount)
            lock_goods(quote)
            apply_change(quote, change.actor)
            _settle_payments(payment, state, replaces=change.replaces_payment)
            write(
                sa.update(OrderChange).where(OrderChange.id == change.id).values(status="applied", wanted={})
            )
    except DomainError as refusal:
        log.warning("change_paid_too_late", order=str(payment.order_id), why=type(refusal).__name__)
        with transaction():
            head_of(payment.order_id, lock=True)
            end_waiting(payment.order_id, "too late")
            record_event(payment.order_id, "change_not_made", note=type(refusal).__name__)
        return "ended"
    return "changed"


def _settle_payments(payment: PaymentRow, state: PaymentState, *, replaces: bool) -> None:
    assert state.status in ("authorised", "captured")
    if replaces:
        for row in payments_of(payment.order_id):
            if not row.is_for_change and row.status in ("pending", "authorised", "failed"):
                change_payments.drop_payment(row, "order changed")
    change_payments.adopt_change_payment(payment.id, state)
    paid = "paid" if state.status == "captured" else "authorised"
    waiting = sa.and_(
        Order.id == payment.order_id, Order.payment_status.in_(["pending", "authorised", "failed"])
    )
    write(sa.update(Order).where(waiting).values(payment_status=paid))


def is_of_change(payment_id: uuid.UUID) -> bool:
    """Whether a payment beside the order's own is for one of its changes."""
    return _change(payment_id) is not None


def _change(payment_id: uuid.UUID) -> OrderChange | None:
    found = sa.select(OrderChange).where(OrderChange.payment_id == payment_id)
    return session().scalar(found.execution_options(populate_existing=True))


def give_up_changes() -> dict[str, int]:
    """End changes whose card has not paid in the time that goods are held; returns how many of each. Run by a job.

    The change is ended first, under its order's lock, and its payment let go of right after: whoever pays between the
    two gets the money back.
    """
    counts = {"changed": 0, "ended": 0}
    before = now() - timedelta(minutes=current_settings().reservation_minutes)
    old = sa.and_(OrderChange.status == "waiting", OrderChange.created_at < before)
    waiting = session().scalars(sa.select(OrderChange.payment_id).where(old).limit(100))
    for payment_id in waiting.all():
        release()
        try:
            outcome = _give_up(payment_id)
        except Exception:  # whatever is wrong with this one, those behind it are ended
            log.exception("change_not_ended", payment=str(payment_id))
            release()
            continue
        if outcome in counts:
            counts[outcome] += 1
    return counts


def _give_up(payment_id: uuid.UUID) -> Outcome:
    with transaction():
        payment = payment_row(payment_id)
    outcome = settle_change(payment)
    if outcome in ("changed", "ended", "processing"):
        return outcome
    with transaction():
        head_of(payment.order_id, lock=True)
        change = _change(payment_id)
        is_waiting = change is not None and change.status == "waiting"
        if is_waiting:
            end_waiting(payment.order_id, "expired")
    if not is_waiting:
        return settle_change(payment)  # they were quicker
    with contextlib.suppress(PaymentProviderFailure, StillUndecided, NotBefore):  # then the job lets go of it
        drop(payment_id, "expired")
    return "ended"
