"""The payments of an order that is changed: one more is begun, becomes the order's own, or is dropped."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session, transaction, write
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue
from storefront.payments.cards import CARDS
from storefront.payments.methods import PaymentState
from storefront.payments.models import Payment
from storefront.payments.queries import PaymentRow
from storefront.payments.services import DROP, KEEP_CARDS, kept_as, open_promise


def open_change_payment(
    order_id: uuid.UUID,
    method: str,
    amount: Decimal,
    currency: str,
    idempotency_key: str,
    *,
    is_for_exchange: bool = False,
) -> uuid.UUID:
    """Note that a payment for a change of an order is about to be asked for; returns its id.

    ``is_for_exchange``: it is for an exchange instead, of which nobody knows yet whether it comes about.
    """
    payment_id = new_id()
    with transaction():
        session().execute(
            sa.insert(Payment).values(
                id=payment_id,
                order_id=order_id,
                provider=method,
                amount=amount,
                currency=currency,
                idempotency_key=idempotency_key,
                is_for_change=True,
                is_on_top=is_for_exchange,
                is_for_exchange=is_for_exchange,
            )
        )
    return payment_id


def record_change_reference(payment_id: uuid.UUID, reference: str) -> None:
    """Note under which reference the provider knows a payment for a change."""
    with transaction():
        unknown = sa.and_(Payment.id == payment_id, Payment.provider_reference.is_(None))
        write(sa.update(Payment).where(unknown).values(provider_reference=reference))


def record_asked(payment_id: uuid.UUID) -> None:
    """The provider is being asked about it: those that nobody has asked about for longer come first next time."""
    with transaction():  # a trigger writes down when
        write(sa.update(Payment).where(Payment.id == payment_id).values(error=Payment.error))


def adopt_change_payment(payment_id: uuid.UUID, state: PaymentState) -> None:
    """The change is made: its payment is the order's own from now on, ``authorised`` or ``captured``."""
    with transaction():
        kept_for = session().scalar(
            sa.update(Payment)
            .where(Payment.id == payment_id)
            .values(
                status=state.status,
                captured_amount=state.captured,
                is_for_change=False,
                saved_method_id=kept_as(state.card),
                error=None,
            )
            .returning(Payment.kept_for)
            .execution_options(synchronize_session=False)
        )
        if kept_for is not None:
            enqueue(KEEP_CARDS, user_id=str(kept_for))


def is_not_on_top(payment_id: uuid.UUID) -> None:
    """The exchange that a payment is for has been made: it is one of the order's like any other."""
    with transaction():
        write(sa.update(Payment).where(Payment.id == payment_id, Payment.is_on_top).values(is_on_top=False))


def promise_later(order_id: uuid.UUID, method: str, amount: Decimal, currency: str) -> None:
    """The order is to be paid later by ``method``: on invoice, at the door. Raises as :func:`open_promise`."""
    open_promise(new_id(), order_id, method, amount, currency)


def drop_payment(payment: PaymentRow, error: str) -> None:
    """Close one payment of an order that goes on; whatever the provider holds of it goes back, by a job.

    ``error`` says why, in a few words for staff: of the payment, and of what goes back.
    """
    with transaction():
        write(
            sa.update(Payment)
            .where(Payment.id == payment.id, Payment.status.in_(["pending", "authorised"]))
            .values(status="cancelled", error=error)
        )
        if payment.provider == CARDS.code:
            enqueue(DROP, payment_id=str(payment.id), reason=error)
