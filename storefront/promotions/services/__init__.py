"""Changes to promotions and gift cards: what orders use and give back, what staff set up.

Locks come last and in one order: promotions by key, then gift cards by key.
"""

from storefront.promotions.services.gift_cards import (
    IssuedGiftCard,
    draw_code,
    give_back_to_gift_card,
    issue_gift_card,
    open_refund_card,
    put_on_gift_card,
    spend_gift_card,
)
from storefront.promotions.services.groups import make_group, rename_group, set_group
from storefront.promotions.services.ordering import (
    change_uses,
    lock_for_order,
    lower_gift_card_part,
    release_order,
    use_promotions,
)
from storefront.promotions.services.staff import (
    PromotionEdit,
    add_codes,
    add_to_group,
    create_promotion,
    remove_from_group,
    replace_promotion,
    set_active,
    update_promotion,
)

__all__ = [
    "IssuedGiftCard",
    "PromotionEdit",
    "add_codes",
    "add_to_group",
    "change_uses",
    "create_promotion",
    "draw_code",
    "give_back_to_gift_card",
    "issue_gift_card",
    "lock_for_order",
    "lower_gift_card_part",
    "make_group",
    "open_refund_card",
    "put_on_gift_card",
    "release_order",
    "remove_from_group",
    "rename_group",
    "replace_promotion",
    "set_active",
    "set_group",
    "spend_gift_card",
    "update_promotion",
    "use_promotions",
]
