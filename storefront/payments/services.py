"""Asking for money and writing down what came of it. The two never happen in one transaction."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import assert_no_transaction, session, transaction
from storefront.payments.methods import Authorisation, Charge
from storefront.payments.models import Payment
from storefront.payments.queries import payment_method


def open_payment(
    order_id: uuid.UUID, method: str, amount: Decimal, currency: str, idempotency_key: str
) -> None:
    """Note, in the transaction that prepares the order, that this payment is about to be asked for."""
    with transaction():
        session().execute(
            sa.insert(Payment).values(
                order_id=order_id,
                provider=method,
                amount=amount,
                currency=currency,
                idempotency_key=idempotency_key,
            )
        )


def authorise(
    order_id: uuid.UUID, method: str, amount: Decimal, currency: str, idempotency_key: str
) -> Authorisation:
    """Ask the provider for the money, with no transaction open. The same key never takes it twice.

    Raises :class:`PaymentDeclined`, :class:`UnknownPaymentMethod`, and
    :class:`storefront.core.db.TransactionOpen` when the caller forgot to end its transaction.
    """
    assert_no_transaction()
    return payment_method(method).authorise(Charge(order_id, amount, currency, idempotency_key))


def void(method: str, authorisation: Authorisation, idempotency_key: str) -> None:
    """Let go of an authorisation whose order did not come about. No transaction may be open."""
    assert_no_transaction()
    payment_method(method).void(authorisation.reference, idempotency_key)


def record_authorisation(order_id: uuid.UUID, authorisation: Authorisation) -> str:
    """Write the provider's yes to the order's open payment; returns the order's new payment status."""
    captured = authorisation.status == "captured"
    with transaction():
        session().execute(
            sa.update(Payment)
            .where(Payment.order_id == order_id, Payment.status == "pending")
            .values(
                status=authorisation.status,
                provider_reference=authorisation.reference,
                captured_amount=Payment.amount if captured else Decimal(0),
                raw=authorisation.raw,
            )
            .execution_options(synchronize_session=False)
        )
    return "paid" if captured else "authorised"


def cancel_payments(order_id: uuid.UUID, error: str | None = None) -> None:
    """The order will not be paid: close what is pending or promised. Money that was taken is not touched."""
    with transaction():
        session().execute(
            sa.update(Payment)
            .where(Payment.order_id == order_id, Payment.status.in_(["pending", "authorised"]))
            .values(status="cancelled", error=error)
            .execution_options(synchronize_session=False)
        )
