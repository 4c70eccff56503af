"""What customers pay with, and what was paid for an order: readable under the shopper's login too."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa

from storefront.core.db import session
from storefront.payments.models import Payment, Refund, SavedPaymentMethod
from storefront.promotions.models import GiftCard


@dataclass(frozen=True, slots=True)
class SavedMethod:
    """A way to pay that a person has with us. ``balance`` (in ``currency``) is a gift card's."""

    id: uuid.UUID
    kind: str
    brand: str | None
    last_four: str | None
    balance: Decimal | None
    currency: str | None
    external_id: str | None


def saved_methods_of(user_id: uuid.UUID) -> list[SavedMethod]:
    """The person's saved payment methods, in their order. One statement."""
    row = SavedPaymentMethod
    rows = session().execute(
        sa.select(
            row.id, row.kind, row.brand, row.last_four, GiftCard.balance, GiftCard.currency, row.external_id
        )
        .join(GiftCard, GiftCard.id == row.gift_card_id, isouter=True)
        .where(row.user_id == user_id)
        .order_by(row.position, row.id)
    )
    return [SavedMethod(*one) for one in rows]


@dataclass(frozen=True, slots=True)
class Movement:
    """Money of an order that came or went. ``amount`` (in ``currency``) is what was captured, or given back.

    ``method`` is how it was paid, ``method_external_id`` what other shops' books call that saved payment method.
    """

    kind: Literal["payment", "refund"]
    id: uuid.UUID
    amount: Decimal
    currency: str
    status: str
    method: str
    saved_method_id: uuid.UUID | None
    method_external_id: str | None
    created_at: datetime


def money_of(order_id: uuid.UUID) -> list[Movement]:
    """What was paid for an order and what went back, the oldest first; attempts that took nothing are left out.

    Reads what a shopper may read of their own order. Two statements.
    """
    saved = SavedPaymentMethod
    paid = session().execute(
        sa.select(
            Payment.id,
            Payment.captured_amount,
            Payment.currency,
            Payment.status,
            Payment.provider,
            Payment.saved_method_id,
            saved.external_id,
            Payment.created_at,
        )
        .join(saved, saved.id == Payment.saved_method_id, isouter=True)
        .where(Payment.order_id == order_id, Payment.captured_amount > 0)
    )
    returned = session().execute(
        sa.select(
            Refund.id,
            Refund.amount,
            Refund.currency,
            Refund.status,
            Payment.provider,
            Refund.saved_method_id,
            saved.external_id,
            Refund.created_at,
        )
        .join(Payment, Payment.id == Refund.payment_id)
        .join(saved, saved.id == Refund.saved_method_id, isouter=True)
        .where(Refund.order_id == order_id, Refund.status != "failed")
    )
    movements = [Movement("payment", *row) for row in paid] + [Movement("refund", *row) for row in returned]
    return sorted(movements, key=lambda one: (one.created_at, one.id))
