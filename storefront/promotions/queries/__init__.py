"""Reads of promotions and gift cards: what applies to a cart, what a card still holds. Staff's are in ``staff``."""

from storefront.promotions.queries.gift_cards import (
    GiftCardState,
    gift_card_by_code,
    gift_card_id_of,
    gift_card_of,
)
from storefront.promotions.queries.offers import (
    Candidates,
    Customer,
    candidates_for,
    normal_code,
    reductions_for,
)

__all__ = [
    "Candidates",
    "Customer",
    "GiftCardState",
    "candidates_for",
    "gift_card_by_code",
    "gift_card_id_of",
    "gift_card_of",
    "normal_code",
    "reductions_for",
]
