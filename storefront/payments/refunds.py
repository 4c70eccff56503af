"""Giving money back: written down first, then asked for, then settled.

A pending refund counts as given: the database refuses a second one that would exceed what was taken. The provider is
asked under the refund's own key, so that asking again never gives twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import now
from storefront.core.db import assert_no_transaction, session, transaction, write
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue, enqueue_once
from storefront.payments.cards import CARDS
from storefront.payments.errors import RefundTooLarge
from storefront.payments.methods import INVOICES_DUE, METHODS, GivenBack
from storefront.payments.models import Payment, Refund
from storefront.payments.queries import PaymentRow, payments_of, refund_row
from storefront.payments.refusals import went_by_itself
from storefront.payments.services import DROP, of_payment
from storefront.providers.payment_provider import PaymentProviderFailure

_TOO_MUCH = "ck_payments_refunded_within_captured"


@dataclass(frozen=True, slots=True)
class Towards:
    """What a refund carries out, and where its money goes. With ``gift_card_id`` nobody is asked for it.

    Nor is anybody ``by_hand``: somebody has sent the money, and says so. ``is_change``: the order has become smaller.
    """

    order_refund_id: uuid.UUID | None = None
    gift_card_id: uuid.UUID | None = None
    by_hand: bool = False
    is_change: bool = False


def open_refund(
    payment: PaymentRow, number: str, amount: Decimal, reason: str, towards: Towards | None = None
) -> uuid.UUID:
    """Promise ``amount`` of the payment of order ``number``; returns the refund's id. Nothing was sent yet.

    What needs nobody's answer has succeeded at once. Raises :class:`RefundTooLarge`.
    """
    refund_id, towards = new_id(), towards or Towards()
    is_settled = towards.by_hand or towards.gift_card_id is not None
    try:
        with transaction():
            held = session().execute(
                sa.select(Payment.captured_amount, Payment.refunded_amount)
                .where(Payment.id == payment.id)
                .with_for_update(key_share=True)
            )
            captured, refunded = held.one()
            if amount <= 0 or amount > captured - refunded:
                raise RefundTooLarge(number, amount, captured - refunded, payment.currency)
            session().execute(
                sa.insert(Refund).values(
                    id=refund_id,
                    payment_id=payment.id,
                    order_id=payment.order_id,
                    idempotency_key=f"refund-{refund_id}",
                    amount=amount,
                    currency=payment.currency,
                    reason=reason,
                    created_at=now(),
                    order_refund_id=towards.order_refund_id,
                    gift_card_id=towards.gift_card_id,
                    is_change=towards.is_change,
                    saved_method_id=payment.saved_method_id if is_settled else None,
                    status="succeeded" if is_settled else "pending",
                    provider_reference=str(refund_id) if is_settled else None,
                )
            )
            if is_settled:
                mark(payment.id)
                enqueue(INVOICES_DUE, order_id=str(payment.order_id))
    except IntegrityError as error:  # whoever went another way than this one met the same rule
        if _TOO_MUCH in str(error.orig):
            raise RefundTooLarge(number, amount, Decimal(0), payment.currency) from None
        raise
    return refund_id


def send_refund(refund_id: uuid.UUID) -> str:
    """Ask the provider for a pending refund and write down its answer; returns the refund's status.

    Safe to repeat. No transaction may be open. Raises :class:`PaymentProviderFailure` when nobody knows what came of
    it: the refund stays pending, and is asked for again.
    """
    assert_no_transaction()
    with transaction():
        refund = refund_row(refund_id)
        payment = next(one for one in payments_of(refund.order_id) if one.id == refund.payment_id)
    if refund.status != "pending":
        return refund.status
    try:
        answer = of_payment(payment.provider).refund(
            payment.asked, refund.amount, refund.idempotency_key, refund.id
        )
    except PaymentProviderFailure as failure:
        if failure.is_undecided or failure.code in ("key", "not_configured"):
            raise
        answer = GivenBack("", "failed", refund.amount, str(refund.id))
        _settle(refund.id, answer, failure.reason)
    else:
        _settle(refund.id, answer)
    mark(payment.id)
    return answer.status


def pending_of(payment_id: uuid.UUID) -> list[uuid.UUID]:
    """The payment's refunds that nobody has answered yet."""
    pending = sa.and_(Refund.payment_id == payment_id, Refund.status == "pending")
    return list(session().scalars(sa.select(Refund.id).where(pending).order_by(Refund.created_at)))


def waive(payment_id: uuid.UUID, amount: Decimal) -> None:
    """Ask for ``amount`` less than was promised to be paid later.

    With nothing left to be paid it is closed. A card's is not: whoever waives it has the provider let go of it.
    """
    with transaction():
        rest = Payment.amount - amount
        status = sa.case(
            (Payment.provider == CARDS.code, Payment.status),
            (rest == 0, "cancelled"),
            (rest == Payment.captured_amount, "captured"),
            else_=Payment.status,
        )
        write(
            sa.update(Payment)
            .where(Payment.id == payment_id, Payment.status == "authorised")
            .values(amount=rest, status=status)
        )


def claim_again(order_id: uuid.UUID, amount: Decimal) -> None:
    """Ask again for what :func:`waive` had let go of: the refund that it was part of did not come about."""
    with transaction():
        later = sa.select(Payment.id).where(
            Payment.order_id == order_id,
            Payment.provider.in_([method.code for method in METHODS]),
            Payment.status.in_(["authorised", "cancelled", "captured"]),
        )
        newest = later.order_by(
            Payment.status == "captured", Payment.created_at.desc(), Payment.id.desc()
        ).limit(1)
        write(
            sa.update(Payment)
            .where(Payment.id == newest.scalar_subquery())
            .values(amount=Payment.amount + amount, status="authorised")
        )


def adopt(payment: PaymentRow, given: Sequence[GivenBack]) -> None:
    """Bring our refunds in line with the provider's, also those that somebody made there."""
    for one in given:
        if one.refund_id:
            _settle(uuid.UUID(one.refund_id), one)
        else:
            _note(payment, one)
    mark(payment.id)


def mark(payment_id: uuid.UUID) -> str:
    """Set the payment's status by what has gone back of it; returns it. While more is promised, it stays promised."""
    with transaction():
        back = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0)).where(
            Refund.payment_id == payment_id, Refund.status == "succeeded"
        )
        given = session().scalar(back) or Decimal(0)
        status = sa.case(
            (sa.or_(Payment.captured_amount == 0, Payment.status == "authorised"), Payment.status),
            (sa.literal(given) >= Payment.captured_amount, "refunded"),
            (sa.literal(given) > 0, "partially_refunded"),
            else_="captured",
        )
        found = session().execute(
            sa.update(Payment)
            .where(Payment.id == payment_id)
            .values(status=status)
            .returning(Payment.status)
            .execution_options(synchronize_session=False)
        )
        return str(found.scalar_one())


def taken_and_given(order_id: uuid.UUID) -> tuple[Decimal, Decimal]:
    """What all payments of an order have taken, and what has arrived back of it."""
    taken = sa.select(sa.func.coalesce(sa.func.sum(Payment.captured_amount), 0)).where(
        Payment.order_id == order_id, sa.not_(Payment.is_for_change)
    )
    given = (
        sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.order_id == order_id, Refund.status == "succeeded", sa.not_(Payment.is_for_change))
    )
    row = session().execute(sa.select(taken.scalar_subquery(), given.scalar_subquery())).one()
    return row[0], row[1]


def _settle(refund_id: uuid.UUID, answer: GivenBack, error: str = "") -> None:
    """A bank may still send money back after it was given: also a refund that succeeded can fail later.

    What went back by itself is to be tried again then; whoever handles that knows when.
    """
    with transaction():
        values: dict[str, Any] = {"status": answer.status, "raw": {"error": error} if error else {}}
        if answer.reference:
            values["provider_reference"] = answer.reference
        settled = write(
            sa.update(Refund)
            .where(Refund.id == refund_id, Refund.status != "failed", Refund.status != answer.status)
            # What was read before it succeeded may arrive after it.
            .where(sa.or_(Refund.status == "pending", sa.literal(answer.status) == "failed"))
            .values(**values)
        )
        if not settled:
            return
        refund = refund_row(refund_id)
        if answer.status == "succeeded":
            enqueue(INVOICES_DUE, order_id=str(refund.order_id))
        elif answer.status == "failed" and went_by_itself(refund_id):
            enqueue_once(DROP, payment_id=str(refund.payment_id), reason=refund.reason)


def _note(payment: PaymentRow, one: GivenBack) -> None:
    """Write down what somebody gave back at the provider, once."""
    with transaction():
        known = sa.and_(Refund.payment_id == payment.id, Refund.provider_reference == one.reference)
        if write(sa.update(Refund).where(known).values(status=one.status)):
            return
        session().execute(
            insert(Refund)
            .values(
                payment_id=payment.id,
                order_id=payment.order_id,
                provider_reference=one.reference,
                amount=one.amount,
                currency=payment.currency,
                status=one.status,
                reason="at the provider",
            )
            .on_conflict_do_nothing(index_elements=[Refund.payment_id, Refund.provider_reference])
        )
        enqueue(INVOICES_DUE, order_id=str(payment.order_id))
