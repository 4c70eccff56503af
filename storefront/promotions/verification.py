"""Do the promotions' books agree? What ``flask ops verify`` asks about uses and gift cards."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.promotions.models import GiftCard, GiftCardEntry, Promotion, PromotionUse


@dataclass(frozen=True, slots=True)
class PromotionDifference:
    """A promotion or card whose figure does not agree. ``stored`` is on its row, ``computed`` out of its ledger."""

    name: str
    what: str
    stored: Decimal
    computed: Decimal


def promotion_differences(limit: int = 100) -> list[PromotionDifference]:
    """Promotions whose uses are not as many as counted, gift cards whose entries do not sum to the balance."""
    uses = sa.select(sa.func.count()).where(PromotionUse.promotion_id == Promotion.id).scalar_subquery()
    entries = (
        sa.select(sa.func.coalesce(sa.func.sum(GiftCardEntry.delta), 0))
        .where(GiftCardEntry.gift_card_id == GiftCard.id)
        .scalar_subquery()
    )
    checks: tuple[tuple[str, Any, Any, Any], ...] = (
        ("promotion uses", Promotion.name, Promotion.used_count, uses),
        ("gift card balance", sa.literal("…") + GiftCard.code_hint, GiftCard.balance, entries),
    )
    found: list[PromotionDifference] = []
    for what, name, stored, computed in checks:
        rows = session().execute(sa.select(name, stored, computed).where(stored != computed).limit(limit))
        found.extend(
            PromotionDifference(one, what, Decimal(left), Decimal(right)) for one, left, right in rows
        )
    return found
