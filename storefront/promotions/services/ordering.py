"""What an order uses: promotions counted against their limits, single codes spent, all of it given back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session, transaction, write
from storefront.promotions.errors import PromotionUsedUp
from storefront.promotions.evaluation import AppliedPromotion
from storefront.promotions.models import GiftCard, GiftCardEntry, Promotion, PromotionCode, PromotionUse
from storefront.promotions.queries import Customer
from storefront.promotions.queries.customers import address, is_use_of_customer
from storefront.promotions.queries.gift_cards import gift_card_paid


def lock_for_order(
    promotion_ids: Collection[uuid.UUID], gift_card_id: uuid.UUID | None, earlier: uuid.UUID
) -> None:
    """Lock what a new order will use together with what the ``earlier`` one holds, which it replaces.

    Each alone is locked in order by its own service; one after the other they would not be.
    """
    used = sa.select(PromotionUse.promotion_id).where(PromotionUse.order_id == earlier)
    paid = sa.select(GiftCardEntry.gift_card_id).where(GiftCardEntry.order_id == earlier)
    wanted = sa.or_(Promotion.id.in_(promotion_ids), Promotion.id.in_(used))
    cards = sa.or_(GiftCard.id == gift_card_id, GiftCard.id.in_(paid))
    session().execute(sa.select(Promotion.id).where(wanted).order_by(Promotion.id).with_for_update()).all()
    session().execute(sa.select(GiftCard.id).where(cards).order_by(GiftCard.id).with_for_update()).all()


def use_promotions(order_id: uuid.UUID, customer: Customer, applied: Sequence[AppliedPromotion]) -> None:
    """Count the promotions as used on this order, in the caller's transaction.

    Raises :class:`PromotionUsedUp` where somebody else took the last use meanwhile. The triggers guard the same
    limits against whoever does not come this way.
    """
    if not applied:
        return
    with transaction():
        found = {one.id: one for one in applied}
        rows = _locked(found, customer)
        for row in rows:
            one = found[row.id]
            refusal = PromotionUsedUp(row.id, one.name, one.code)
            if not row.is_active or (row.usage_limit is not None and row.used_count >= row.usage_limit):
                raise refusal
            if (
                row.usage_limit_per_user is not None
                and _uses_of(row.id, customer) >= row.usage_limit_per_user
            ):
                raise refusal
            if row.has_single_codes and not _spend_code(row.id, one.code, order_id):
                raise refusal
        session().execute(
            sa.insert(PromotionUse),
            [
                {
                    "promotion_id": one.id,
                    "order_id": order_id,
                    "customer": customer.key,
                    "email": rows[0].email or None,
                    "amount": one.amount,
                    "shipping_amount": one.shipping,
                }
                for one in sorted(applied, key=lambda one: one.id)
            ],
        )


def _locked(promotion_ids: Collection[uuid.UUID], customer: Customer) -> Sequence[Any]:
    """What limits these promotions, locked in order; with each the customer's address."""
    limits = (
        Promotion.id,
        Promotion.used_count,
        Promotion.usage_limit,
        Promotion.usage_limit_per_user,
        Promotion.has_single_codes,
        Promotion.is_active,
        address().label("email"),
    )
    wanted = sa.select(*limits).where(Promotion.id.in_(promotion_ids))
    return session().execute(wanted.order_by(Promotion.id).with_for_update(), customer.asked).all()


def _uses_of(promotion_id: uuid.UUID, customer: Customer) -> int:
    """How often this customer has used it; the promotion's row is locked, so nobody adds one meanwhile."""
    mine = sa.and_(PromotionUse.promotion_id == promotion_id, is_use_of_customer())
    count = sa.select(sa.func.count()).select_from(PromotionUse).where(mine)
    return session().scalar(count, customer.asked) or 0


def _spend_code(promotion_id: uuid.UUID, code: str, order_id: uuid.UUID) -> bool:
    spent = write(
        sa.update(PromotionCode)
        .where(
            PromotionCode.promotion_id == promotion_id,
            PromotionCode.code == code,
            PromotionCode.order_id.is_(None),
        )
        .values(order_id=order_id)
    )
    return spent == 1


def release_order(order_id: uuid.UUID) -> None:
    """The order did not come about, or was cancelled: its uses count no longer, its gift card has the money back.

    Safe to run twice.
    """
    with transaction():
        used = sa.select(PromotionUse.promotion_id).where(PromotionUse.order_id == order_id)
        locked = (
            sa.select(Promotion.id).where(Promotion.id.in_(used)).order_by(Promotion.id).with_for_update()
        )
        if session().scalars(locked).all():
            write(sa.update(PromotionCode).where(PromotionCode.order_id == order_id).values(order_id=None))
            write(sa.delete(PromotionUse).where(PromotionUse.order_id == order_id))
        _refund_gift_cards(order_id)


def change_uses(order_id: uuid.UUID, customer: Customer, applied: Sequence[AppliedPromotion]) -> None:
    """An order that was changed uses these promotions instead of those before.

    What it uses already it goes on using, whatever the limits are today. Raises :class:`PromotionUsedUp` for others.
    """
    with transaction():
        ids = [one.id for one in applied]
        lock_for_order(ids, None, order_id)
        of_order = PromotionUse.order_id == order_id
        dropped = sa.and_(PromotionCode.order_id == order_id, PromotionCode.promotion_id.not_in(ids))
        write(sa.update(PromotionCode).where(dropped).values(order_id=None))
        write(sa.delete(PromotionUse).where(of_order, PromotionUse.promotion_id.not_in(ids)))
        kept = set(session().scalars(sa.select(PromotionUse.promotion_id).where(of_order)))
        for one in applied:
            if one.id in kept:
                amounts = {"amount": one.amount, "shipping_amount": one.shipping}
                write(
                    sa.update(PromotionUse)
                    .where(of_order, PromotionUse.promotion_id == one.id)
                    .values(**amounts)
                )
        use_promotions(order_id, customer, [one for one in applied if one.id not in kept])


def lower_gift_card_part(order_id: uuid.UUID, amount: Decimal) -> None:
    """Put ``amount`` of what a gift card has paid of this order back on the card."""
    paid = sa.select(GiftCardEntry.gift_card_id).where(GiftCardEntry.order_id == order_id)
    with transaction():
        card_id = session().scalar(
            sa.select(GiftCard.id).where(GiftCard.id.in_(paid)).order_by(GiftCard.id).with_for_update()
        )
        session().execute(
            sa.insert(GiftCardEntry).values(
                gift_card_id=card_id, delta=amount, reason="refunded", order_id=order_id
            )
        )


def _refund_gift_cards(order_id: uuid.UUID) -> None:
    paid = sa.select(GiftCardEntry.gift_card_id).where(GiftCardEntry.order_id == order_id)
    cards = session().scalars(
        sa.select(GiftCard.id).where(GiftCard.id.in_(paid)).order_by(GiftCard.id).with_for_update()
    )
    for card_id in cards.all():
        # Summed under the lock: whoever comes second finds nothing left to give back. What a refund has put on
        # another card is back already, too.
        spent = min(gift_card_paid(order_id, card_id), gift_card_paid(order_id))
        if spent > 0:
            session().execute(
                sa.insert(GiftCardEntry).values(
                    gift_card_id=card_id, delta=spent, reason="refunded", order_id=order_id
                )
            )
