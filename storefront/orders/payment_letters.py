"""Leaving word that money has come in, or failed to, after the order's confirmation: one letter for each step.

What is paid as the order is placed, the confirmation says; what a parcel is charged for, the parcel's letter.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from storefront.core.outbox import enqueue
from storefront.payments.cards import CARDS
from storefront.payments.queries import PaymentRow

RECEIVED = "mail.payment_received"
FAILED = "mail.payment_failed"


def tell_received(payment: PaymentRow, amount: Decimal, *, is_all: bool) -> None:
    """Have the shopper told, with the caller's transaction, that ``amount`` of a payment is here.

    With all that a card pays its invoice is due, and that one's letter says it.
    """
    if payment.provider == CARDS.code and is_all:
        return
    enqueue(RECEIVED, order_id=str(payment.order_id), amount=str(amount), currency=payment.currency)


def tell_failed(order_id: uuid.UUID) -> None:
    """Have the shopper told that their order is not paid and will not be, unless they pay another way."""
    enqueue(FAILED, order_id=str(order_id))
