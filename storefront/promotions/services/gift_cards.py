"""Gift cards: issued with a code that is shown once, spent under their row's lock."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import digest, new_id
from storefront.core.settings import current_settings
from storefront.promotions.errors import GiftCardBalanceChanged, PromotionRefused
from storefront.promotions.models import GiftCard, GiftCardEntry

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters and digits that people confuse."""
_LENGTH = 16
_LARGEST = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class IssuedGiftCard:
    """A new card. ``code`` is kept nowhere: whoever issues it writes it down now."""

    id: uuid.UUID
    code: str
    amount: Decimal
    currency: str


def random_code(length: int) -> str:
    """Characters that can be read out on the phone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def issue_gift_card(
    actor_id: uuid.UUID | None, amount: Decimal, expires_at: datetime | None = None
) -> IssuedGiftCard:
    """Issue a card worth ``amount`` in the shop's currency; ``actor_id`` None is the command line.

    Raises NotAllowed, and :class:`PromotionRefused` for an amount that no card can hold.
    """
    if not 0 < amount <= _LARGEST or amount != amount.quantize(Decimal("0.01")):
        raise PromotionRefused("amount", "range")
    code, card_id, currency = random_code(_LENGTH), new_id(), current_settings().shop_currency
    with transaction():
        if actor_id is not None:
            require_permission(actor_id, "promotions", "write")
        session().execute(
            sa.insert(GiftCard).values(
                id=card_id,
                code_hash=digest(code),
                code_hint=code[-4:],
                currency=currency,
                expires_at=expires_at,
            )
        )
        _book(card_id, amount, "issued", None)
        record_audit(actor_id, "create", "gift_card", card_id, metadata={"amount": str(amount)})
    return IssuedGiftCard(card_id, _grouped(code), amount, currency)


def spend_gift_card(card_id: uuid.UUID, amount: Decimal, order_id: uuid.UUID) -> None:
    """Take ``amount`` off the card for this order, in the caller's transaction.

    Raises :class:`GiftCardBalanceChanged` when less is there by now; the database refuses a negative balance.
    """
    with transaction():
        row = (
            session()
            .execute(
                sa.select(GiftCard.balance, GiftCard.currency, GiftCard.is_active, GiftCard.expires_at)
                .where(GiftCard.id == card_id)
                .with_for_update()
            )
            .one()
        )
        is_open = row.is_active and (row.expires_at is None or row.expires_at > now())
        if not is_open or row.balance < amount:
            raise GiftCardBalanceChanged(amount, row.balance if is_open else Decimal(0), row.currency)
        _book(card_id, -amount, "spent", order_id)


def open_refund_card(card_id: uuid.UUID | None) -> uuid.UUID:
    """The card that money can go back to: this one while it can be used, else a new one whose code nobody knows yet.

    Whoever writes its letter draws the code, see :func:`draw_code`.
    """
    with transaction():
        if card_id is not None:
            usable = sa.and_(
                GiftCard.id == card_id,
                GiftCard.is_active,
                sa.or_(GiftCard.expires_at.is_(None), GiftCard.expires_at > now()),
            )
            if session().scalar(sa.select(GiftCard.id).where(usable)) is not None:
                return card_id
        fresh = new_id()
        session().execute(
            sa.insert(GiftCard).values(
                id=fresh, code_hash=f"undrawn-{fresh}", currency=current_settings().shop_currency
            )
        )
        return fresh


def draw_code(card_id: uuid.UUID, refund_id: uuid.UUID) -> str | None:
    """A new code for the card that was made for this refund, while nothing else was booked on it; else None.

    The refund is an order's, or a payment's that carries out none.

    A code that was drawn before stops working: the letter that holds it is being written again.
    """
    with transaction():
        card = sa.select(GiftCard.id).where(GiftCard.id == card_id).with_for_update()
        session().execute(card).one()
        cause = sa.func.coalesce(GiftCardEntry.order_refund_id, GiftCardEntry.refund_id)
        booked = sa.select(cause).where(GiftCardEntry.gift_card_id == card_id)
        if set(session().scalars(booked)) != {refund_id}:
            return None
        code = random_code(_LENGTH)
        session().execute(
            sa.update(GiftCard)
            .where(GiftCard.id == card_id)
            .values(code_hash=digest(code), code_hint=code[-4:])
            .execution_options(synchronize_session=False)
        )
    return _grouped(code)


def give_back_to_gift_card(
    card_id: uuid.UUID, amount: Decimal, order_refund_id: uuid.UUID, order_id: uuid.UUID | None = None
) -> None:
    """Put money of a refund on the card, in the caller's transaction. ``order_id`` where a card had paid it there."""
    with transaction():
        session().execute(
            sa.insert(GiftCardEntry).values(
                gift_card_id=card_id,
                delta=amount,
                reason="refunded",
                order_id=order_id,
                order_refund_id=order_refund_id,
            )
        )


def put_on_gift_card(card_id: uuid.UUID, amount: Decimal, refund_id: uuid.UUID) -> None:
    """Put money of a payment's refund that carries out none of an order's on the card, in the caller's transaction."""
    with transaction():
        session().execute(
            sa.insert(GiftCardEntry).values(
                gift_card_id=card_id, delta=amount, reason="refunded", refund_id=refund_id
            )
        )


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _book(card_id: uuid.UUID, delta: Decimal, reason: str, order_id: uuid.UUID | None) -> None:
    session().execute(
        sa.insert(GiftCardEntry).values(gift_card_id=card_id, delta=delta, reason=reason, order_id=order_id)
    )
