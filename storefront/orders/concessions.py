"""What an order costs less and what a gift card pays of it, between the cart's reading and the ledgers' writing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

from storefront.cart.queries import CartView
from storefront.core.money import ZERO
from storefront.promotions import services as promotions
from storefront.promotions.errors import GiftCardBalanceChanged
from storefront.promotions.evaluation import Reductions
from storefront.promotions.queries import Customer, gift_card_of


@dataclass(frozen=True, slots=True)
class Concessions:
    """What this customer's order uses of promotions and of a gift card."""

    customer: Customer
    reductions: Reductions
    gift_card_id: uuid.UUID | None = None
    gift_card_amount: Decimal = ZERO

    def with_gift_card(self, view: CartView, total: Decimal, expected: Decimal) -> Concessions:
        """The same with what the cart's gift card pays of ``total``.

        Raises :class:`GiftCardBalanceChanged` when that is not what the page said.
        """
        card, currency = gift_card_of(view.gift_card_id, view.cart_id), view.snapshot.currency
        amount = card.share_of(total, currency) if card else ZERO
        if amount != expected:
            raise GiftCardBalanceChanged(expected, amount, currency)
        return replace(self, gift_card_id=card.id if card else None, gift_card_amount=amount)

    def stored(self) -> list[dict[str, str]]:
        """As the order keeps it: what it was called, and amounts as text, so that JSON makes no floats of them."""
        return [
            {
                "promotion_id": str(one.id),
                "name": one.name,
                "code": one.code,
                "amount": str(one.amount),
                "shipping": str(one.shipping),
            }
            for one in self.reductions.applied
        ]

    def lock(self, earlier: uuid.UUID) -> None:
        """Lock what both this order and the ``earlier`` one, which it replaces, touch."""
        ids = [one.id for one in self.reductions.applied]
        promotions.lock_for_order(ids, self.gift_card_id, earlier)

    def take(self, order_id: uuid.UUID) -> None:
        """Write it to the ledgers. Raises ``PromotionUsedUp`` and :class:`GiftCardBalanceChanged`."""
        promotions.use_promotions(order_id, self.customer, self.reductions.applied)
        if self.gift_card_id is not None and self.gift_card_amount:
            promotions.spend_gift_card(self.gift_card_id, self.gift_card_amount, order_id)
