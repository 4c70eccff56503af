"""Giving back what an order that was changed costs less, of several payments the latest first.

No line is given back by it: the order itself has become smaller.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from storefront.core.db import transaction
from storefront.core.money import ZERO
from storefront.orders.drafts import head_of
from storefront.payments import refunds
from storefront.payments.errors import RefundTooLarge
from storefront.payments.queries import payments_of

TAKEN = ("captured", "partially_refunded", "refunded")


def open_refunds(order_id: uuid.UUID, number: str, amount: Decimal, reason: str) -> list[uuid.UUID]:
    """Promise ``amount`` of what was taken for an order; returns the refunds' ids. Nothing was sent yet.

    Raises :class:`RefundTooLarge`.
    """
    with transaction():
        draft = head_of(order_id, lock=True)
        rows = [row for row in payments_of(order_id) if row.status in TAKEN and not row.is_for_change]
        left = sum((row.left for row in rows), ZERO)
        if not 0 < amount <= left:
            raise RefundTooLarge(number, amount, left, draft.currency)
        opened = []
        for row in reversed(rows):
            part = min(amount, row.left)
            if part:
                opened.append(refunds.open_refund(row, number, part, reason, refunds.Towards(is_change=True)))
                amount -= part
        return opened
