"""An order's payment history as payments and refunds: captured less refunded is what was really paid."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from storefront.core.db import session, write
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.journeys.orders_import.records import OrderRecord, RecordRefused, TransactionRecord
from storefront.payments.models import Payment, Refund


class PaidWith(NamedTuple):
    """A payment method that the books name: ours, where its customer still has it."""

    method_id: uuid.UUID | None
    kind: str
    user_id: uuid.UUID


def order_payment_status(record: OrderRecord) -> str:
    """The order's payment status; the record's own check has made sure that its money adds up."""
    if not record.paid:
        return "cancelled" if record.status == "cancelled" else "pending"
    return "refunded" if record.paid == record.refunded else "paid"


def write_history(order_id: uuid.UUID, record: OrderRecord, methods: Mapping[str, PaidWith]) -> None:
    """Write what the history holds beyond what is there already, in the current transaction.

    Money that came or went is never changed afterwards: the history may only grow. Raises :class:`RecordRefused`.
    The balances of gift cards are those of the books, so what was paid with one before is not booked again.
    """
    there = _there(order_id)
    history = record.payment_history
    if [(one.transaction_type, one.amount, one.payment_method_id) for one in history[: len(there)]] != there:
        raise RecordRefused("its payment history is not a continuation of the one that is here")
    open_amounts = _refundable(order_id)
    for place, one in enumerate(history[len(there) :], len(there)):
        method = methods[one.payment_method_id]
        if one.transaction_type == "payment":
            payment_id = _insert_payment(order_id, record, place, one, method)
            open_amounts.append([payment_id, one.payment_method_id, one.amount])
        else:
            _insert_refunds(order_id, record, place, one, method, open_amounts)
    if len(history) > len(there):
        _settle_statuses(order_id)


def _there(order_id: uuid.UUID) -> list[tuple[str, Decimal, str]]:
    """The history as it was written, in its order; a refund of two payments is one line again."""
    lines: dict[int, tuple[str, Decimal, str]] = {}
    for kind, row in (("payment", Payment), ("refund", Refund)):
        found = session().execute(
            sa.select(row.amount, row.raw).where(row.order_id == order_id, row.raw.has_key("place"))
        )
        for amount, raw in found:
            before = lines[raw["place"]][1] if raw["place"] in lines else Decimal(0)
            lines[raw["place"]] = (kind, before + amount, raw["payment_method_id"])
    return [lines[place] for place in sorted(lines)]


def _refundable(order_id: uuid.UUID) -> list[list[Any]]:
    rows = session().execute(
        sa.select(Payment.id, Payment.raw, Payment.captured_amount - Payment.refunded_amount)
        .where(Payment.order_id == order_id)
        .order_by(Payment.created_at, Payment.id)
    )
    return [[payment_id, raw.get("payment_method_id"), left] for payment_id, raw, left in rows]


def _raw(place: int, one: TransactionRecord) -> dict[str, Any]:
    return {"place": place, "payment_method_id": one.payment_method_id}


def _insert_payment(
    order_id: uuid.UUID, record: OrderRecord, place: int, one: TransactionRecord, method: PaidWith
) -> uuid.UUID:
    payment_id = new_id()
    session().execute(
        sa.insert(Payment).values(
            id=payment_id,
            order_id=order_id,
            provider=method.kind,
            provider_reference=f"{record.key}/{place + 1}",
            saved_method_id=method.method_id,
            amount=one.amount,
            captured_amount=one.amount,
            currency=current_settings().shop_currency,
            status="captured",
            raw=_raw(place, one),
        )
    )
    return payment_id


def _insert_refunds(
    order_id: uuid.UUID,
    record: OrderRecord,
    place: int,
    one: TransactionRecord,
    method: PaidWith,
    open_amounts: list[list[Any]],
) -> None:
    """A refund goes to the payments made with the same method, the last one first; it may need several."""
    missing = one.amount
    for payment in reversed(open_amounts):
        payment_id, name, left = payment
        part = min(missing, left)
        if name != one.payment_method_id or not part:
            continue
        session().execute(
            sa.insert(Refund).values(
                id=new_id(),
                payment_id=payment_id,
                order_id=order_id,
                saved_method_id=method.method_id,
                provider_reference=f"{record.key}/{place + 1}",
                amount=part,
                currency=current_settings().shop_currency,
                status="succeeded",
                reason=record.cancel_reason or "",
                raw=_raw(place, one),
            )
        )
        payment[2] = left - part
        missing -= part
    if missing:  # refunded here already, by our own people
        raise RecordRefused(
            f"{missing} of a refund to {one.payment_method_id} was not paid or is back already"
        )


def _settle_statuses(order_id: uuid.UUID) -> None:
    write(
        sa.update(Payment)
        .where(Payment.order_id == order_id, Payment.refunded_amount > 0)
        .values(
            status=sa.case(
                (Payment.refunded_amount == Payment.captured_amount, "refunded"),
                else_="partially_refunded",
            )
        )
    )
