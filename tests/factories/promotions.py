"""Promotions and gift cards, committed; call it with an application context pushed."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.promotions.models import GiftCard, GiftCardEntry, Promotion, PromotionUse
from storefront.promotions.services import IssuedGiftCard, PromotionEdit, create_promotion, issue_gift_card


def make_promotion(
    kind: str = "percent", value: str = "10", name: str = "Autumn", **fields: Any
) -> uuid.UUID:
    """A promotion in force; ``fields`` as of ``PromotionEdit``. Returns its id."""
    return create_promotion(None, PromotionEdit(name, kind, Decimal(value), **fields))


def make_gift_card(amount: str = "20.00") -> IssuedGiftCard:
    """A gift card worth ``amount``."""
    return issue_gift_card(None, Decimal(amount))


def uses_of(promotion_id: uuid.UUID) -> tuple[int, int]:
    """How often the promotion was used: as it is counted on its row, and by rows."""
    session().rollback()
    counted = session().scalar(sa.select(Promotion.used_count).where(Promotion.id == promotion_id))
    rows = sa.select(sa.func.count()).select_from(PromotionUse)
    found = session().scalar(rows.where(PromotionUse.promotion_id == promotion_id))
    session().rollback()
    return counted or 0, found or 0


def balance_of(card: IssuedGiftCard) -> tuple[Decimal, list[tuple[str, Decimal]]]:
    """The card's balance and its ledger."""
    session().rollback()
    balance = session().scalar(sa.select(GiftCard.balance).where(GiftCard.id == card.id))
    rows = session().execute(
        sa.select(GiftCardEntry.reason, GiftCardEntry.delta)
        .where(GiftCardEntry.gift_card_id == card.id)
        .order_by(GiftCardEntry.created_at, GiftCardEntry.id)
    )
    ledger = [(reason, delta) for reason, delta in rows]
    session().rollback()
    return balance or Decimal(0), ledger
