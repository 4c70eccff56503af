"""Reads of payments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.methods import GIFT_CARD, METHODS, PaymentMethod
from storefront.payments.models import Payment


def providers(country: str = "") -> list[PaymentMethod]:
    """The ways to pay in the shop's order, for an order that goes to ``country`` where one is given."""
    return [method for method in METHODS if not country or method.offered_to(country)]


def payment_method(code: str, country: str = "") -> PaymentMethod:
    """The way to pay called ``code``. Raises :class:`UnknownPaymentMethod`."""
    for method in providers(country):
        if method.code == code:
            return method
    if code == GIFT_CARD.code and not country:
        return GIFT_CARD  # of an order that was drawn up; at the checkout nobody can choose it
    raise UnknownPaymentMethod(code)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One attempt to be paid."""

    id: uuid.UUID
    order_id: uuid.UUID
    provider: str
    provider_reference: str | None
    idempotency_key: str | None
    amount: Decimal
    currency: str
    status: str


def payments_of(order_id: uuid.UUID) -> list[PaymentRow]:
    """All attempts of an order, the oldest first."""
    row = Payment
    rows = session().execute(
        sa.select(
            row.id,
            row.order_id,
            row.provider,
            row.provider_reference,
            row.idempotency_key,
            row.amount,
            row.currency,
            row.status,
        )
        .where(row.order_id == order_id)
        .order_by(row.created_at, row.id)
    )
    return [PaymentRow(*one) for one in rows]
