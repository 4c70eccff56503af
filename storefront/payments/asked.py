"""Noting that somebody is asked about money, before they are: whatever comes of it, those behind have their turn.

A trigger writes down when. Each note is a transaction of its own, so that it stays when the question fails.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from storefront.core.db import transaction, write
from storefront.payments.cards import CARDS
from storefront.payments.models import Capture, Payment, Refund


def note_order_asked(order_id: uuid.UUID) -> None:
    """The provider is being asked about an order's undecided payments."""
    undecided = sa.and_(
        Payment.order_id == order_id,
        Payment.provider == CARDS.code,
        Payment.status.in_(["pending", "authorised"]),
    )
    with transaction():
        write(sa.update(Payment).where(undecided).values(error=Payment.error))


def note_payment_asked(payment_id: uuid.UUID) -> None:
    """The provider is being asked about one payment."""
    with transaction():
        write(sa.update(Payment).where(Payment.id == payment_id).values(error=Payment.error))


def note_refund_asked(refund_id: uuid.UUID) -> None:
    """The provider is being asked about a pending refund."""
    with transaction():
        write(sa.update(Refund).where(Refund.id == refund_id).values(reason=Refund.reason))


def note_capture_asked(capture_id: uuid.UUID) -> None:
    """The provider is being asked about a pending capture."""
    with transaction():
        write(sa.update(Capture).where(Capture.id == capture_id).values(error=Capture.error))
