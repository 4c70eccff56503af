"""What a dearer exchange costs on top, paid by card: begun by its shopper, settled by whoever brings the news.

The return page, a webhook and the reconcile job all come to :func:`settle_difference`. It asks the provider with no
transaction open and acts on the answer under the order's lock: the difference counts, once; or the exchange is not
wanted any more, and what was paid goes back. The money is taken at once, not reserved: until the goods have come, a
reservation would lapse.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import sqlalchemy as sa
import structlog

from storefront.core.clock import now
from storefront.core.db import transaction, write
from storefront.core.identity import Identity
from storefront.core.ids import new_secret
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings
from storefront.orders.drafts import head_of
from storefront.orders.timeline import record_event
from storefront.payments import changing as beside
from storefront.payments import services as payments
from storefront.payments.cards import CARDS
from storefront.payments.errors import PaymentDeclined
from storefront.payments.methods import PaymentState, unpaid
from storefront.payments.queries import PaymentRow, payment_row
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.returns.errors import ReturnChangedMeanwhile
from storefront.returns.models import Return
from storefront.returns.queries import ReturnView, return_of_payment, return_page
from storefront.returns.services.charging import count_difference
from storefront.returns.services.steps import locked

log = structlog.get_logger(__name__)
LAPSED = "lapsed"
"""The step of a return that its letter is about: the payment of its difference was not completed."""
Outcome = Literal["paid", "waiting", "processing", "declined", "unknown", "ended"]


def begin_difference(identity: Identity, number: str) -> None:
    """Begin the card payment of the difference, or go on with the one that was begun. No transaction may be open.

    Raises ``NotFound``, also for somebody else's, :class:`ReturnChangedMeanwhile` where nothing is to be paid by card
    (any more), ``PaymentDeclined``, after which it may be begun again, and ``PaymentProviderFailure``.
    """
    with transaction():
        one = locked(return_page(identity, number).number)
        if not one.awaits_card:
            raise ReturnChangedMeanwhile(one.number, one.status)
        row = payment_row(one.payment_id or _open(one))
    if row.provider_reference:
        return
    try:
        answer = payments.authorise(
            row.id,
            CARDS.code,
            row.amount,
            row.currency,
            row.idempotency_key or "",
            one.order_number,
            at_once=True,
        )
    except PaymentDeclined:
        _end(row, _drop, "declined")
        raise
    beside.record_change_reference(row.id, answer.reference)


def _open(one: ReturnView) -> uuid.UUID:
    payment_id = beside.open_change_payment(
        one.order_id,
        CARDS.code,
        one.price_difference,
        one.currency,
        f"exchange-{new_secret()}",
        is_for_exchange=True,
    )
    write(sa.update(Return).where(Return.id == one.id).values(payment_id=payment_id))
    return payment_id


def waiting_difference(identity: Identity, number: str) -> PaymentRow | None:
    """The card payment that was begun for this person's exchange and does not count yet; None where none waits.

    Raises ``NotFound``.
    """
    one = return_page(identity, number)
    return payment_row(one.payment_id) if one.awaits_card and one.payment_id is not None else None


def settle_difference(payment_id: uuid.UUID) -> Outcome:
    """Ask the provider about the payment of a difference and act on the answer. No transaction may be open.

    ``unknown`` where it was never begun there: :func:`begin_difference` goes on with it.
    Raises ``NotFound`` and :class:`PaymentProviderFailure`.
    """
    with transaction():
        payment = payment_row(payment_id)
    if payment.status != "pending":
        return _ended_as(payment)
    state = payments.ask(payment)
    if state is not None and not payment.provider_reference:
        beside.record_change_reference(payment.id, state.reference)
    if state is None or state.is_unpaid:
        payments.record_error(payment, state.error if state else "")
        return unpaid(state)
    return _act_on(payment, state)


def _act_on(payment: PaymentRow, state: PaymentState) -> Outcome:
    with transaction():
        head_of(payment.order_id, lock=True)
        current = payment_row(payment.id)
        if current.status != "pending":
            return _ended_as(current)
        one = return_of_payment(payment.id)
        is_paid = state.status == "captured" and state.is_for(payment.amount, payment.currency)
        if one is None or not one.awaits_card or not is_paid:
            log.warning("difference_not_counted", payment=str(payment.id), state=state.status)
            if state.status == "cancelled":
                _lapse(current, "left")
            else:
                _drop(current, "paid otherwise")
            return "ended"
        beside.adopt_change_payment(payment.id, state)
        count_difference(one)
        record_event(one.order_id, "difference_paid", actor="shopper", note=f"{one.number}: {payment.amount}")
    return "paid"


def _ended_as(payment: PaymentRow) -> Outcome:
    return "ended" if payment.is_for_change else "paid"


def _drop(payment: PaymentRow, why: str) -> None:
    """Let go of a payment, under its order's lock; the shopper may begin another one."""
    beside.drop_payment(payment, why)
    write(sa.update(Return).where(Return.payment_id == payment.id).values(payment_id=None))


def _lapse(payment: PaymentRow, why: str) -> None:
    """A payment that its shopper has begun did not come about in time: they are told how the exchange goes on."""
    one = return_of_payment(payment.id)
    _drop(payment, why)
    if one is not None and one.awaits_card:
        record_event(one.order_id, "difference_lapsed", note=one.number)
        enqueue("mail.return_step", return_id=str(one.id), step=LAPSED)


def _end(payment: PaymentRow, drop: Callable[[PaymentRow, str], None], why: str) -> None:
    with transaction():
        head_of(payment.order_id, lock=True)
        if payment_row(payment.id).status == "pending":
            drop(payment, why)


def follow_difference(payment_id: uuid.UUID) -> Outcome:
    """Settle it; one that nobody has paid in the time that goods are held is let go of. Run by a job.

    The provider is told first: what was voided can never be paid. Raises as :func:`settle_difference`.
    """
    outcome = settle_difference(payment_id)
    with transaction():
        payment = payment_row(payment_id)
    is_old = payment.created_at < now() - timedelta(minutes=current_settings().reservation_minutes)
    if outcome not in ("waiting", "declined", "unknown") or not is_old:
        return outcome
    if payment.provider_reference:
        try:
            payments.void(payment.provider, payment.provider_reference, str(payment.id))
        except PaymentProviderFailure as failure:
            if failure.code != "refused":
                raise
            return settle_difference(payment_id)  # they were quicker
    _end(payment, _lapse, "expired")
    return "ended"
