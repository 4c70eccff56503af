"""What a gift card still holds."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.ids import digest
from storefront.core.money import ZERO
from storefront.promotions.models import GiftCard, GiftCardEntry
from storefront.promotions.queries.offers import LONGEST_CODE, ORDERS


@dataclass(frozen=True, slots=True)
class GiftCardState:
    """A card that can pay now. ``balance`` is what may be spent, what the cart's own draft holds included."""

    id: uuid.UUID
    hint: str
    balance: Decimal
    currency: str
    expires_at: datetime | None

    def share_of(self, total: Decimal, currency: str) -> Decimal:
        """What the card pays of ``total``."""
        return min(self.balance, total) if currency == self.currency else ZERO


def normal_gift_card_code(raw: str) -> str:
    """A gift card's code as people type it, as its digest was made."""
    return "".join(character for character in raw.upper() if character.isalnum())[:LONGEST_CODE]


def gift_card_by_code(raw: str, *, also_empty: bool = False) -> GiftCardState | None:
    """The card with this code, if it can pay; one statement, whatever is wrong with it.

    ``also_empty`` finds one that can be paid to.
    """
    found = _gift_card(GiftCard.code_hash == digest(normal_gift_card_code(raw)), None)
    return found if found is not None and (found.balance > 0 or also_empty) else None


def gift_card_id_of(raw: str) -> uuid.UUID | None:
    """The card with this code, whether it can pay or not: also for the shopper's login, which sees no other card."""
    return session().scalar(sa.select(sa.func.gift_card_with_hash(digest(normal_gift_card_code(raw)))))


def gift_card_of(gift_card_id: uuid.UUID | None, cart_id: uuid.UUID | None = None) -> GiftCardState | None:
    """The card that a cart wants to pay with, if it still can. One statement, none without a card."""
    if gift_card_id is None:
        return None
    found = _gift_card(GiftCard.id == gift_card_id, cart_id)
    return found if found is not None and found.balance > 0 else None


def _gift_card(which: sa.ColumnElement[bool], cart_id: uuid.UUID | None) -> GiftCardState | None:
    held = (
        sa.select(sa.func.coalesce(-sa.func.sum(GiftCardEntry.delta), 0))
        .join(ORDERS, ORDERS.c.id == GiftCardEntry.order_id)
        .where(
            GiftCardEntry.gift_card_id == GiftCard.id,
            ORDERS.c.cart_id == cart_id if cart_id else sa.false(),
            ORDERS.c.status == "draft",
        )
        .scalar_subquery()
    )
    row = (
        session()
        .execute(
            sa.select(
                GiftCard.id,
                GiftCard.code_hint,
                (GiftCard.balance + held).label("balance"),
                GiftCard.currency,
                GiftCard.expires_at,
            ).where(
                which, GiftCard.is_active, sa.or_(GiftCard.expires_at.is_(None), GiftCard.expires_at > now())
            )
        )
        .one_or_none()
    )
    return GiftCardState(*row) if row is not None else None


def gift_card_paid(order_id: uuid.UUID, gift_card_id: uuid.UUID | None = None) -> Decimal:
    """What gift cards, or this one, have paid of an order by the ledger, less what went back."""
    of_order = GiftCardEntry.order_id == order_id
    which = sa.and_(of_order, GiftCardEntry.gift_card_id == gift_card_id) if gift_card_id else of_order
    return -(session().scalar(sa.select(sa.func.sum(GiftCardEntry.delta)).where(which)) or ZERO)


def gift_card_that_paid(order_id: uuid.UUID) -> uuid.UUID | None:
    """The card that an order was paid with first; None where there was none. One statement."""
    return session().scalar(
        sa.select(GiftCardEntry.gift_card_id)
        .where(GiftCardEntry.order_id == order_id, GiftCardEntry.reason == "spent")
        .order_by(GiftCardEntry.created_at, GiftCardEntry.id)
        .limit(1)
    )
