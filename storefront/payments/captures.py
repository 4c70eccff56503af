"""Taking what was promised, in one or several parts: written down first, then asked for, then settled.

A payment has one capture under way at a time (a unique index says so). Whoever finds a pending one later compares what
the provider has taken in all with what we know of: so it is asked for again only when it was not taken.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.core.db import assert_no_transaction, session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.ids import new_id
from storefront.payments.errors import CaptureInProgress, CaptureRefused
from storefront.payments.methods import PaymentState
from storefront.payments.models import Capture
from storefront.payments.queries import PaymentRow, payments_of
from storefront.payments.services import ask, of_payment
from storefront.providers.payment_provider import PaymentProviderFailure

_ONE_AT_A_TIME = "uq_captures_pending_of_payment"


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A part of a payment that was taken, or is to be. ``shipment_id`` is the parcel that waits for it."""

    id: uuid.UUID
    payment_id: uuid.UUID
    order_id: uuid.UUID
    shipment_id: uuid.UUID | None
    idempotency_key: str
    amount: Decimal
    currency: str
    is_final: bool
    status: str
    actor: str
    error: str
    created_at: datetime


def open_capture(
    payment: PaymentRow,
    number: str,
    amount: Decimal,
    *,
    is_final: bool,
    actor: str = "system",
    shipment_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Write down, in the caller's transaction, that ``amount`` of the payment is about to be taken; returns its id.

    Raises :class:`CaptureInProgress` while another part of this payment is being taken.
    """
    capture_id = new_id()
    try:
        with transaction():
            session().execute(
                sa.insert(Capture).values(
                    id=capture_id,
                    payment_id=payment.id,
                    order_id=payment.order_id,
                    shipment_id=shipment_id,
                    idempotency_key=f"capture-{capture_id}",
                    amount=amount,
                    currency=payment.currency,
                    is_final=is_final,
                    actor=actor,
                )
            )
    except IntegrityError as error:
        if _ONE_AT_A_TIME in str(error.orig):
            raise CaptureInProgress(number) from None
        raise
    return capture_id


def send_capture(capture_id: uuid.UUID, *, again: bool = False) -> PaymentState:
    """Have the provider take a pending capture; returns how the payment stands. No transaction may be open.

    ``again``: it may have been taken before, so the provider is asked first. Raises :class:`CaptureRefused` when it was
    not taken and will not be, and :class:`PaymentProviderFailure` when nobody knows: it stays pending then.
    """
    assert_no_transaction()
    with transaction():
        capture = capture_row(capture_id)
        payment = next(one for one in payments_of(capture.order_id) if one.id == capture.payment_id)
    if again:
        state = ask(payment)
        if state is not None and state.captured >= payment.captured + capture.amount:
            return state
        if state is None or state.status != "authorised":
            raise CaptureRefused(state.status if state else "unknown")
    method = of_payment(payment.provider)
    try:
        return method.capture(payment.asked, capture.amount, capture.idempotency_key, final=capture.is_final)
    except PaymentProviderFailure as failure:
        if failure.code != "refused":
            raise
        raise CaptureRefused(failure.reason) from failure


def settle_capture(capture_id: uuid.UUID, status: str, error: str = "") -> bool:
    """Write down what came of a pending capture. False for one that was settled before."""
    with transaction():
        pending = sa.and_(Capture.id == capture_id, Capture.status == "pending")
        return bool(write(sa.update(Capture).where(pending).values(status=status, error=error or None)))


def capture_row(capture_id: uuid.UUID) -> CaptureRow:
    """One capture. Raises :class:`NotFound`."""
    for row in _captures(Capture.id == capture_id):
        return row
    raise NotFound("capture", str(capture_id))


def captures_of(order_id: uuid.UUID) -> list[CaptureRow]:
    """All captures of an order, the oldest first."""
    return _captures(Capture.order_id == order_id)


def charged_for(order_id: uuid.UUID, shipment_id: uuid.UUID) -> Decimal:
    """What was taken as this parcel left."""
    taken = [one for one in captures_of(order_id) if one.shipment_id == shipment_id]
    return sum((one.amount for one in taken if one.status == "succeeded"), Decimal(0))


def pending_captures(
    *, order_id: uuid.UUID | None = None, before: datetime | None = None, limit: int = 100
) -> list[uuid.UUID]:
    """Captures that nobody has answered: of one order, or those unasked since ``before``, the longest first."""
    wanted = [Capture.status == "pending"]
    if order_id is not None:
        wanted.append(Capture.order_id == order_id)
    if before is not None:
        wanted.append(Capture.updated_at < before)
    return list(
        session().scalars(
            sa.select(Capture.id).where(*wanted).order_by(Capture.updated_at, Capture.created_at).limit(limit)
        )
    )


def _captures(which: sa.ColumnElement[bool]) -> list[CaptureRow]:
    row = Capture
    columns: tuple[Any, ...] = (
        row.id,
        row.payment_id,
        row.order_id,
        row.shipment_id,
        row.idempotency_key,
        row.amount,
        row.currency,
        row.is_final,
        row.status,
        row.actor,
        sa.func.coalesce(row.error, ""),
        row.created_at,
    )
    rows = session().execute(sa.select(*columns).where(which).order_by(row.created_at, row.id))
    return [CaptureRow(*one) for one in rows]
