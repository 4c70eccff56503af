"""Changes to orders, each in a module of its own: placing and settling, money, parcels, cancelling."""

from storefront.orders.addresses import PostalAddress
from storefront.orders.cancelling import CancelledOrder, cancel_for_shopper, cancel_order
from storefront.orders.capturing import release_rest
from storefront.orders.change_payments import give_up_changes, settle_change
from storefront.orders.change_quotes import Quote
from storefront.orders.changeable import LineChange, WantedChange
from storefront.orders.changing import ChangedOrder, change_for_shopper, change_order, quote_change
from storefront.orders.closing import close_order
from storefront.orders.ending import end_what_went_back
from storefront.orders.fulfilment import ParcelRequest, SentParcel, add_note, mark_delivered, ship_parcel
from storefront.orders.giving_back import give_back_again, give_back_otherwise
from storefront.orders.letting_go import drop, let_go
from storefront.orders.money import capture_payment, look_again
from storefront.orders.paying import bring_up_to_date, process_event, reconcile_payments
from storefront.orders.placing import PlacedOrder, place_order
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order, refund_payment
from storefront.orders.reordering import Reordered, reorder
from storefront.orders.requests import PlaceOrder, SeenAmount
from storefront.orders.settling import settle_stranded_orders

__all__ = [
    "CancelledOrder",
    "ChangedOrder",
    "LineChange",
    "ParcelRequest",
    "PlaceOrder",
    "PlacedOrder",
    "PostalAddress",
    "Quote",
    "RefundLine",
    "RefundRequest",
    "Reordered",
    "SeenAmount",
    "SentParcel",
    "WantedChange",
    "add_note",
    "bring_up_to_date",
    "cancel_for_shopper",
    "cancel_order",
    "capture_payment",
    "change_for_shopper",
    "change_order",
    "close_order",
    "drop",
    "end_what_went_back",
    "give_back_again",
    "give_back_otherwise",
    "give_up_changes",
    "let_go",
    "look_again",
    "mark_delivered",
    "place_order",
    "process_event",
    "quote_change",
    "reconcile_payments",
    "refund_order",
    "refund_payment",
    "release_rest",
    "reorder",
    "settle_change",
    "settle_stranded_orders",
    "ship_parcel",
]
