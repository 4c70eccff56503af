"""Giving back what several payments of one order brought: the latest of them first."""

from __future__ import annotations

import uuid
from decimal import Decimal

from storefront.core.db import transaction
from storefront.core.money import ZERO
from storefront.orders.drafts import head_of
from storefront.payments import refunds
from storefront.payments.errors import RefundedMeanwhile, RefundTooLarge
from storefront.payments.queries import payments_of

TAKEN = ("captured", "partially_refunded", "refunded")


def open_refunds(
    order_id: uuid.UUID, number: str, amount: Decimal, reason: str, seen: Decimal | None = None
) -> list[uuid.UUID]:
    """Promise ``amount`` of what was taken for an order; returns the refunds' ids. Nothing was sent yet.

    ``seen`` is what had gone back of all its payments when whoever asks last looked. Raises :class:`RefundTooLarge` and
    :class:`RefundedMeanwhile`.
    """
    with transaction():
        draft = head_of(order_id, lock=True)
        rows = [row for row in payments_of(order_id) if row.status in TAKEN and not row.is_for_change]
        refunded = sum((row.refunded for row in rows), ZERO)
        if seen is not None and seen != refunded:
            raise RefundedMeanwhile(number, seen, refunded, draft.currency)
        left = sum((row.left for row in rows), ZERO)
        if not 0 < amount <= left:
            raise RefundTooLarge(number, amount, left, draft.currency)
        opened = []
        for row in reversed(rows):
            part = min(amount, row.left)
            if part:
                opened.append(refunds.open_refund(row, number, part, reason))
                amount -= part
        return opened
