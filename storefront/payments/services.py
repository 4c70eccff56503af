"""Asking for money and writing down what came of it. The two never happen in one transaction."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import cache

import sqlalchemy as sa

from storefront.core.db import assert_no_transaction, session, transaction, write
from storefront.core.outbox import enqueue
from storefront.core.statements import insert, scalars
from storefront.payments.cards import CARDS
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.methods import (
    METHODS,
    Authorisation,
    Charge,
    NeedsShopper,
    PaymentMethod,
    PaymentState,
)
from storefront.payments.models import Payment, SavedPaymentMethod
from storefront.payments.queries import PaymentRow, known_method, payment_at_provider, payment_method

BESIDE = "payments.beside"
"""The outbox entry for news of a payment beside an order's own that is for none of its changes: an exchange's."""
DROP = "payments.drop"
"""The outbox entry for one payment of an order that goes on: it was replaced, or its change did not come about."""
KEEP_CARDS = "payments.keep_cards"
"""The outbox entry for a person whose cards at the provider are to be read anew."""
LET_GO = "payments.let_go"
"""The outbox entry for an order that is not wanted: whatever the provider holds of it goes back."""
RELEASE = "payments.release"
"""The outbox entry for a promise of which no more is wanted: the provider lets go of the rest."""


def open_payment(
    order_id: uuid.UUID, method: str, amount: Decimal, currency: str, idempotency_key: str
) -> None:
    """Note, in the transaction that prepares the order, that this payment is about to be asked for."""
    with transaction():
        insert(
            Payment,
            {
                "order_id": order_id,
                "provider": method,
                "amount": amount,
                "currency": currency,
                "idempotency_key": idempotency_key,
            },
        )


def open_promise(
    payment_id: uuid.UUID,
    order_id: uuid.UUID,
    method: str,
    amount: Decimal,
    currency: str,
    *,
    is_for_exchange: bool = False,
) -> None:
    """Note that ``amount`` more is to be paid for an order, later, in a way that needs nobody's answer now.

    ``is_for_exchange``: of which nobody knows yet whether it comes about. Raises :class:`UnknownPaymentMethod` for any
    other way.
    """
    if all(one.code != method for one in METHODS):
        raise UnknownPaymentMethod(method)
    with transaction():
        session().execute(
            sa.insert(Payment).values(
                id=payment_id,
                order_id=order_id,
                provider=method,
                provider_reference=str(payment_id),
                amount=amount,
                currency=currency,
                status="authorised",
                is_on_top=is_for_exchange,
                is_for_exchange=is_for_exchange,
            )
        )


def authorise(
    order_id: uuid.UUID,
    method: str,
    amount: Decimal,
    currency: str,
    idempotency_key: str,
    order_number: str = "",
    *,
    at_once: bool = False,
) -> Authorisation | NeedsShopper:
    """Ask the provider for the money, with no transaction open. The same key never takes it twice.

    Raises :class:`PaymentDeclined`, :class:`UnknownPaymentMethod`, :class:`PaymentProviderFailure`, and
    :class:`storefront.core.db.TransactionOpen` when the caller forgot to end its transaction.
    """
    assert_no_transaction()
    charge = Charge(order_id, amount, currency, idempotency_key, order_number, at_once)
    return payment_method(method).authorise(charge)


def authorise_at_once(
    order_id: uuid.UUID, method: str, amount: Decimal, currency: str, idempotency_key: str
) -> Authorisation | None:
    """The yes of a way to pay that asks nobody, within the caller's transaction; None of one that has to ask.

    Raises :class:`UnknownPaymentMethod`.
    """
    known = payment_method(method)
    if not known.answers_at_once:
        return None
    answer = known.authorise(Charge(order_id, amount, currency, idempotency_key))
    return answer if isinstance(answer, Authorisation) else None


def void(method: str, reference: str, idempotency_key: str) -> None:
    """Let go of what took nothing yet. No transaction may be open."""
    assert_no_transaction()
    of_payment(method).void(reference, f"{idempotency_key}-void")


def ask(payment: PaymentRow) -> PaymentState | None:
    """How the payment stands at its provider; None when it was never begun there. No transaction may be open.

    Raises :class:`PaymentProviderFailure`.
    """
    assert_no_transaction()
    return of_payment(payment.provider).status(payment.asked)


def client_secret_of(order_id: uuid.UUID) -> str | None:
    """What the shopper's browser completes the payment with; None when there is nothing (more) to complete.

    No transaction may be open. Raises :class:`PaymentProviderFailure`.
    """
    with transaction():
        payment = payment_at_provider(order_id)
    return client_secret_for(payment) if payment is not None else None


def client_secret_for(payment: PaymentRow) -> str | None:
    """The same for one payment."""
    state = ask(payment) if payment.status == "pending" else None
    return state.client_secret if state is not None and state.status == "open" else None


def of_payment(provider: str) -> PaymentMethod:
    """The way to pay of a payment that exists. Raises :class:`UnknownPaymentMethod`."""
    method = known_method(provider)
    if method is None:
        raise UnknownPaymentMethod(provider)
    return method


def record_reference(order_id: uuid.UUID, reference: str) -> None:
    """Note under which reference the provider knows the order's payment."""
    with transaction():
        write(
            sa.update(Payment)
            .where(
                Payment.order_id == order_id,
                Payment.provider == CARDS.code,
                Payment.provider_reference.is_(None),
            )
            .values(provider_reference=reference)
        )


def record_error(payment: PaymentRow, error: str) -> None:
    """Note why the last attempt failed, and that the provider was asked just now."""
    with transaction():
        write(sa.update(Payment).where(Payment.id == payment.id).values(error=error or None))


def record_authorisation(order_id: uuid.UUID, authorisation: Authorisation) -> str:
    """Write the provider's yes to the order's open payment; returns the order's new payment status."""
    captured = authorisation.status == "captured"
    with transaction():
        yes = {
            "of_order": order_id,
            "status": authorisation.status,
            "provider_reference": authorisation.reference,
            "taken": authorisation.captured if captured else Decimal(0),
            "card": authorisation.card,
            "raw": authorisation.raw,
        }
        for user_id in filter(None, scalars(_authorised(), yes)):
            enqueue(KEEP_CARDS, user_id=str(user_id))
    return "paid" if captured else "authorised"


def kept_as(card: str | sa.ColumnElement[str]) -> sa.ScalarSelect[uuid.UUID]:
    """Of the card that the provider calls so: the kept one, as a subquery; nothing where it is not kept."""
    kept = sa.and_(SavedPaymentMethod.provider_reference == card, SavedPaymentMethod.provider_reference != "")
    return sa.select(SavedPaymentMethod.id).where(kept).scalar_subquery()


@cache
def _authorised() -> sa.Update:
    """An order's open payment with the provider's yes; the kept card that has paid, if it is one of those. Without an
    amount that was ``taken``: all of it."""
    return (
        sa.update(Payment)
        .where(
            Payment.order_id == sa.bindparam("of_order", type_=sa.Uuid()),
            sa.or_(Payment.status == "pending", Payment.status == "failed"),
        )
        .values(
            status=sa.bindparam("status"),
            provider_reference=sa.bindparam("provider_reference"),
            captured_amount=sa.func.coalesce(
                sa.bindparam("taken", type_=Payment.amount.type), Payment.amount
            ),
            saved_method_id=kept_as(sa.bindparam("card", type_=sa.Text())),
            error=None,
            raw=sa.bindparam("raw"),
        )
        .returning(Payment.kept_for)
    )


def record_terms(payment_id: uuid.UUID, state: PaymentState) -> None:
    """Write down that something else was paid than was asked for, so that this goes back."""
    if state.amount is not None:
        with transaction():
            terms = {"amount": state.amount, "currency": state.currency}
            write(sa.update(Payment).where(Payment.id == payment_id).values(**terms))


def record_capture(payment_id: uuid.UUID, captured: Decimal, *, final: bool = True) -> bool:
    """Write down that ``captured`` is here, all in all. False when that was known, so that it counts once.

    While it is not ``final``, more may be taken.
    """
    news = Payment.captured_amount < captured
    open_status = sa.case((Payment.status == "cancelled", "cancelled"), else_="authorised")
    if final:
        news = sa.or_(news, Payment.status == "authorised")
    with transaction():
        taken = write(
            sa.update(Payment)
            .where(Payment.id == payment_id, news)
            .values(
                status="captured" if final else open_status,
                captured_amount=sa.func.greatest(Payment.captured_amount, captured),
                error=None,
            )
        )
    return bool(taken)


def record_lapse(payment_id: uuid.UUID) -> bool:
    """Write down that the provider holds nothing any more. False when that was known."""
    with transaction():
        ended = write(
            sa.update(Payment)
            .where(Payment.id == payment_id, Payment.status.in_(["pending", "authorised"]))
            .values(status="cancelled", error="lapsed")
        )
    return bool(ended)


def cancel_payments(order_id: uuid.UUID, error: str | None = None) -> None:
    """The order will not be paid: close what is pending or promised, and have the provider let go of it.

    That is asked for in the same transaction and done later. Money that was taken goes back then, too.
    """
    with transaction():
        write(
            sa.update(Payment)
            .where(Payment.order_id == order_id, Payment.status.in_(["pending", "authorised"]))
            .values(status="cancelled", error=error)
        )
        have_let_go(order_id)


def ask_to_release(payment: PaymentRow) -> None:
    """Leave word, in the caller's transaction, that the rest of what was promised will not be taken."""
    enqueue(RELEASE, payment_id=str(payment.id), order_id=str(payment.order_id))


def promise(payment_id: uuid.UUID, amount: Decimal) -> None:
    """Of what is promised, ``amount`` is owed, and never less than was taken. Of a card it can only become less."""
    with transaction():
        write(
            sa.update(Payment)
            .where(Payment.id == payment_id, Payment.status == "authorised")
            .values(amount=sa.func.greatest(Payment.captured_amount, amount))
        )


def have_let_go(order_id: uuid.UUID) -> None:
    """Leave word that whatever a provider holds of this order goes back; nothing where nobody holds anything."""
    with transaction():
        held = sa.select(Payment.id).where(Payment.order_id == order_id, Payment.provider == CARDS.code)
        if session().scalar(held.limit(1)) is not None:
            enqueue(LET_GO, order_id=str(order_id))
