"""What a provider holds of an order that is not wanted, or of a payment that counts for nothing, goes back."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session, transaction
from storefront.core.outbox import NotBefore
from storefront.orders.drafts import head_of
from storefront.orders.giving_back import note_refusals
from storefront.orders.models import Order
from storefront.orders.refund_settling import order_follows_refunds
from storefront.orders.timeline import announce, record_event, was_recorded
from storefront.payments import refunds
from storefront.payments import services as payments
from storefront.payments.changing import record_change_reference
from storefront.payments.methods import PaymentState
from storefront.payments.queries import PaymentRow, payment_row, payments_at_provider
from storefront.payments.refusals import refusals_of_payment
from storefront.providers.payment_provider import PaymentProviderFailure


class StillUndecided(Exception):
    """The bank has not answered yet; whoever asked comes back later."""


def let_go(order_id: uuid.UUID) -> None:
    """Have the provider let go of whatever it holds of a cancelled order, and give back what it took.

    Safe to repeat, at once and later. Raises :class:`PaymentProviderFailure` and :class:`StillUndecided`; then it is
    to be called again. What was refused before is tried when its time has come, and :class:`NotBefore` says when that
    is, see :mod:`storefront.payments.refusals`.
    """
    with transaction():
        draft = head_of(order_id)
        rows = payments_at_provider(order_id)
    if draft.status != "cancelled":
        return
    later = None
    for payment in rows:
        try:
            _let_go_of(payment, draft.number, "order cancelled")
        except NotBefore as wish:
            later = wish  # the others need not wait for it
    if later is not None:
        raise later


def drop(payment_id: uuid.UUID, reason: str) -> None:
    """Let go of one payment of an order that goes on: it was replaced, or its change not made. As :func:`let_go`.

    ``reason`` is for staff: why its money goes back.
    """
    with transaction():
        payment = payment_row(payment_id)
        draft = head_of(payment.order_id)
    _let_go_of(payment, draft.number, reason)


def _let_go_of(payment: PaymentRow, number: str, reason: str) -> None:
    order_id = payment.order_id
    state = payments.ask(payment)
    if state is not None and not payment.provider_reference:
        if payment.is_for_change:
            record_change_reference(payment.id, state.reference)
        else:
            payments.record_reference(order_id, state.reference)
    if state is not None and state.status in ("open", "authorised", "processing"):
        try:
            payments.void(payment.provider, state.reference, str(payment.id))
        except PaymentProviderFailure as failure:
            if failure.code != "refused":
                raise
            raise StillUndecided from failure  # it is captured at this moment: next time it is given back
        if state.captured:  # a part of it was: that goes back now
            after = payments.ask(payment)
            if after is None or after.status != "captured":
                raise StillUndecided
            _give_all_back(payment, after, number, reason)
            return
        amount = payment.amount if state.amount is None else state.amount
        _note_return(
            payment,
            "payment_voided",
            amount,
            state.currency or payment.currency,
            was_promised=state.status == "authorised",
        )
    elif state is not None and state.status == "captured":
        _give_all_back(payment, state, number, reason)


def _give_all_back(payment: PaymentRow, state: PaymentState, number: str, reason: str) -> None:
    with transaction():
        head_of(payment.order_id, lock=True)
        if not state.is_for(payment.amount, payment.currency):
            payments.record_terms(payment.id, state)
        payments.record_capture(payment.id, state.captured)
        refunds.adopt(payment_row(payment.id), state.given_back)
        current, earlier = payment_row(payment.id), refusals_of_payment(payment.id)
        if current.left and (earlier is None or earlier.is_due):
            refunds.open_refund(current, number, current.left, reason)
        waiting = refunds.pending_of(payment.id)
    for refund_id in waiting:
        refunds.send_refund(refund_id)
    with transaction():
        head_of(payment.order_id, lock=True)
        order_follows_refunds(payment.order_id, payment.id)
        current, refusals = payment_row(payment.id), refusals_of_payment(payment.id)
        if refusals is not None:
            note_refusals(refusals)
    if current.left and refusals is None:
        raise StillUndecided
    if refusals is not None and refusals == earlier and not refusals.is_over:
        raise NotBefore(refusals.next_at)
    if waiting and not current.left:
        _note_return(current, "money_returned", current.refunded, current.currency, was_promised=True)


def _note_return(
    payment: PaymentRow, kind: str, amount: Decimal, currency: str, *, was_promised: bool
) -> None:
    """Tell whoever has paid ``amount`` for nothing, once. Whoever has cancelled themselves got their letter then.

    A refund that fails later is asked for again, and was told when it was first on its way.
    """
    order_id, of_payment = payment.order_id, {"payment_id": str(payment.id)}
    with transaction():
        draft = head_of(order_id, lock=True)
        if was_recorded(order_id, kind, of_payment):
            return
        record_event(order_id, kind, data=of_payment)
        placed_at = session().scalar(sa.select(Order.placed_at).where(Order.id == order_id))
        if was_promised and placed_at is None:
            paid = {"amount": str(amount), "currency": currency}
            announce("payment_returned", order_id, user_id=draft.user_id, session_id=None, letter=paid)
