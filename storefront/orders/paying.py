"""What a payment outside does to its order: the one place that decides, whoever brings the news.

The return page, a webhook and the reconcile job all come here. Each asks the provider how the payment stands, with no
transaction open, and acts on the answer under the order's lock; so news may come twice, late, or in any order. Money
that is there either makes the order count, or goes back.
"""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta
from typing import Literal

import structlog

from storefront.core.clock import now
from storefront.core.db import release, transaction
from storefront.core.errors import NotFound
from storefront.core.outbox import NotBefore, enqueue_once
from storefront.core.settings import current_settings
from storefront.inventory.errors import InsufficientStock
from storefront.orders.capturing import paid, reconcile_captures
from storefront.orders.change_payments import is_of_change, settle_change
from storefront.orders.drafts import abandon, head_of
from storefront.orders.errors import CheckoutExpired
from storefront.orders.letting_go import StillUndecided, let_go
from storefront.orders.placing import finalise_or_let_go
from storefront.orders.refund_settling import order_follows_refunds, set_payment_status
from storefront.orders.timeline import record_event
from storefront.payments import changing as change_payments
from storefront.payments import refunds
from storefront.payments import services as payments
from storefront.payments.captures import pending_captures
from storefront.payments.cards import CARDS
from storefront.payments.events import record_outcome
from storefront.payments.methods import Authorisation, PaymentState, unpaid
from storefront.payments.queries import (
    PaymentRow,
    order_of_reference,
    payment_row,
    payments_at_provider,
    refund_row,
    stored_event,
    undecided_orders,
    undecided_refunds,
)
from storefront.payments.services import BESIDE
from storefront.providers.payment_provider import PaymentProviderFailure

log = structlog.get_logger(__name__)
Outcome = Literal["placed", "waiting", "processing", "declined", "unknown", "cancelled"]
_BATCH = 100
_PROMISES_ASKED_EVERY = timedelta(hours=6)


def bring_up_to_date(order_id: uuid.UUID) -> Outcome:
    """Ask the provider about the order's payment and act on the answer; returns how the order stands.

    ``waiting`` for the shopper, ``processing`` at the bank, ``declined`` at the last attempt, ``unknown`` where it was
    never begun there. No transaction may be open. Raises :class:`PaymentProviderFailure` and :class:`NotFound`.
    """
    with transaction():
        rows = payments_at_provider(order_id)
    if not rows:
        raise NotFound("payment", str(order_id))
    with transaction():
        outcome: Outcome = "cancelled" if head_of(order_id).status == "cancelled" else "placed"
    for payment in rows:
        if payment.is_for_change:
            if payment.status == "pending":
                _news_beside(payment)
        elif len(rows) == 1 or payment.status != "cancelled":
            outcome = _act_on(payment, payments.ask(payment))
    return outcome


def _news_beside(payment: PaymentRow) -> None:
    """Of a change's payment; of another's whoever knows what it is for is told, and asks the provider for us."""
    if is_of_change(payment.id):
        release()
        settle_change(payment)
    else:
        with transaction():
            change_payments.record_asked(payment.id)
            enqueue_once(BESIDE, payment_id=str(payment.id))


def _act_on(payment: PaymentRow, state: PaymentState | None) -> Outcome:
    order_id = payment.order_id
    if state is not None and not payment.provider_reference:
        payments.record_reference(order_id, state.reference)
    if state is None or state.is_unpaid:
        return _still_open(payment, state)
    if state.status == "cancelled":
        return _ended_outside(payment)
    with transaction():
        draft = head_of(order_id)
    assert state.status in ("authorised", "captured")
    if draft.status in ("draft", "pending") and not state.is_for(payment.amount, payment.currency):
        return _paid_otherwise(payment, state)
    taken = state.captured if state.status == "captured" else None
    try:
        placed = finalise_or_let_go(draft, Authorisation(state.reference, state.status, taken, state.card))
    except (InsufficientStock, CheckoutExpired):
        log.warning("paid_too_late", order=str(order_id), payment=str(payment.id))
        return "cancelled"
    if placed.was_placed_before:
        _catch_up(payment, state)
    return "placed"


def _paid_otherwise(payment: PaymentRow, state: PaymentState) -> Outcome:
    """Somebody has changed the payment at the provider: it buys nothing, and the money goes back."""
    paid = f"{state.amount} {state.currency}"
    log.error("paid_otherwise", order=str(payment.order_id), payment=str(payment.id), paid=paid)
    with transaction():
        abandon(payment.order_id, "paid_otherwise")
        return "cancelled" if head_of(payment.order_id).status == "cancelled" else "placed"


def _still_open(payment: PaymentRow, state: PaymentState | None) -> Outcome:
    with transaction():
        status = head_of(payment.order_id).status
        payments.record_error(payment, state.error if state else "")
    if status == "cancelled":
        return "cancelled"
    if status not in ("draft", "pending"):
        return "placed"
    return unpaid(state)


def _ended_outside(payment: PaymentRow) -> Outcome:
    """The provider holds nothing and never will: it was voided, by us or there, or has lapsed."""
    with transaction():
        draft = head_of(payment.order_id, lock=True)
        if draft.status in ("draft", "pending"):
            abandon(payment.order_id, "left")
        if draft.status in ("draft", "pending", "cancelled"):
            return "cancelled"
        if payments.record_lapse(payment.id):
            set_payment_status(payment.order_id, "failed", ("authorised",))
            record_event(payment.order_id, "payment_lapsed", note="the provider holds nothing any more")
    return "placed"


def _catch_up(payment: PaymentRow, state: PaymentState) -> None:
    """An order that counts already: the money may have come, or gone back, since."""
    if not state.captured:
        return
    with transaction():
        head_of(payment.order_id, lock=True)
        if pending_captures(order_id=payment.order_id):
            return  # whoever asked for it, or the job after them, writes it down with what hangs on it
        is_all = state.status == "captured"
        if state.captured > payment.amount:  # at the provider, of an order that had become smaller
            payments.record_terms(payment.id, state)
        if payments.record_capture(payment.id, state.captured, final=is_all):
            if is_all:
                paid(payment.order_id)
            record_event(payment.order_id, "paid" if is_all else "charged")
        if not is_all:
            return
        refunds.adopt(payment_row(payment.id), state.given_back)
        order_follows_refunds(payment.order_id, payment.id)


def give_up(order_id: uuid.UUID, reason: str) -> Outcome:
    """Bring a draft that waits for its shopper to its end: paid after all, or cancelled and let go of.

    The order is closed first, under its lock, and its payment right after: whoever pays between the two gets the money
    back. The other way round an order could count whose promise is void, as a provider voids what is promised, too.
    Raises :class:`PaymentProviderFailure`, and then the draft stays.
    """
    outcome = bring_up_to_date(order_id)
    if outcome in ("placed", "cancelled", "processing"):
        return outcome
    if not abandon(order_id, reason):
        return bring_up_to_date(order_id)  # they were quicker
    with contextlib.suppress(PaymentProviderFailure, StillUndecided, NotBefore):  # then the job lets go of it
        let_go(order_id)
    return "cancelled"


def process_event(event_id: uuid.UUID) -> None:
    """Work on a stored event: find the order it is about and bring that up to date. Safe to repeat.

    Raises :class:`PaymentProviderFailure`; then the event is to be tried again.
    """
    with transaction():
        event = stored_event(event_id)
        order_id = order_of_reference(event.provider, event.intent_id) if event.intent_id else None
        order_id = order_id or _order_named(event.order_id)
    if order_id is None:
        record_outcome(event_id)  # another shop's of the same account, or about no payment at all
        return
    try:
        bring_up_to_date(order_id)
    except PaymentProviderFailure as failure:
        release()
        record_outcome(event_id, str(failure)[:500])
        raise
    record_outcome(event_id)


def _order_named(text: str) -> uuid.UUID | None:
    try:
        order_id = uuid.UUID(text)
    except ValueError:
        return None
    return order_id if payments_at_provider(order_id) else None


def reconcile_payments() -> dict[str, int]:
    """Ask the provider about every payment and refund that nobody has told us of for a while; returns how many.

    Run by a job, safe to run twice at once.
    """
    counts = {"payments": 0, "captures": 0, "refunds": 0, "failed": 0}
    before = now() - timedelta(minutes=current_settings().reconcile_minutes)
    with transaction():
        orders = undecided_orders(before, now() - _PROMISES_ASKED_EVERY, _BATCH)
        pending = undecided_refunds(before, _BATCH)
    for order_id in orders:
        try:
            bring_up_to_date(order_id)
            counts["payments"] += 1
        except Exception:  # whatever is wrong with this one, those behind it are asked for
            log.exception("payment_not_reconciled", order=str(order_id))
            counts["failed"] += 1
        release()
    counts["captures"], failed = reconcile_captures(before)
    counts["failed"] += failed
    for refund_id in pending:
        try:
            reconcile_refund(refund_id)
            counts["refunds"] += 1
        except Exception:
            log.exception("refund_not_reconciled", refund=str(refund_id))
            counts["failed"] += 1
        release()
    return counts


def reconcile_refund(refund_id: uuid.UUID) -> None:
    """Find out what became of a pending refund; the provider gets it again only when it knows nothing of it."""
    with transaction():
        refund = refund_row(refund_id)
        payment = payment_row(refund.payment_id)
    state = payments.ask(payment) if payment.provider == CARDS.code else None
    if state is not None:
        refunds.adopt(payment, [one for one in state.given_back if one.refund_id == str(refund_id)])
    if state is None or str(refund_id) not in {one.refund_id for one in state.given_back}:
        refunds.send_refund(refund_id)
    with transaction():
        head_of(refund.order_id, lock=True)
        order_follows_refunds(refund.order_id, refund.payment_id)
