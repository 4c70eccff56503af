"""Changes to a cart. Each one locks the cart's row first, then touches lines: two at once never make two.

A product that is added is checked against what could be sold now; nothing is held until the order is placed.
The price that a line keeps is the one the shopper has seen; it is brought up to date whenever they act on
the line, so that a notice about a changed price stays until it was seen.
"""

from storefront.cart.services.keeping import merge_carts, purge_forgotten
from storefront.cart.services.lines import (
    AddedLine,
    RemovedLine,
    accept_changes,
    add_by_sku,
    add_line,
    clear,
    remove_line,
    set_quantity,
)
from storefront.cart.services.opening import LockedCart, close_cart, lock_cart, lock_open_cart
from storefront.cart.services.paying import (
    enter_coupon,
    enter_gift_card,
    remove_coupon,
    remove_gift_card,
)
from storefront.cart.services.restoring import copy_cart
from storefront.cart.services.saving import drop_saved, merge_saved, return_to_cart, save_for_later
from storefront.cart.services.wishing import (
    Wished,
    merge_wishes,
    move_to_cart,
    share,
    stop_sharing,
    unwish,
    wish,
)

__all__ = [
    "AddedLine",
    "LockedCart",
    "RemovedLine",
    "Wished",
    "accept_changes",
    "add_by_sku",
    "add_line",
    "clear",
    "close_cart",
    "copy_cart",
    "drop_saved",
    "enter_coupon",
    "enter_gift_card",
    "lock_cart",
    "lock_open_cart",
    "merge_carts",
    "merge_saved",
    "merge_wishes",
    "move_to_cart",
    "purge_forgotten",
    "remove_coupon",
    "remove_gift_card",
    "remove_line",
    "return_to_cart",
    "save_for_later",
    "set_quantity",
    "share",
    "stop_sharing",
    "unwish",
    "wish",
]
