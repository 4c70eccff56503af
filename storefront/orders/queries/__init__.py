"""Reads of orders: the order page, a person's list, the guest's look-up."""

from storefront.orders.queries.lists import (
    Unpaid,
    find_guest_order,
    order_to_pay,
    orders_of,
    recent_orders,
)
from storefront.orders.queries.pages import (
    normal_number,
    order_for_mail,
    order_of_parcel,
    order_page,
    order_page_where,
    visible_to,
)
from storefront.orders.queries.units import UNITS_LEFT, has_units_to_send, units_of_order
from storefront.orders.queries.views import (
    CANCELLABLE,
    NOT_PAID_YET,
    SETTLED,
    SHIPPABLE,
    OrderLine,
    OrderPage,
    OrderReduction,
    OrderSummary,
    Parcel,
    TimelineEvent,
    is_cancellable,
    is_changeable,
    units_to_send,
)

__all__ = [
    "CANCELLABLE",
    "NOT_PAID_YET",
    "SETTLED",
    "SHIPPABLE",
    "UNITS_LEFT",
    "OrderLine",
    "OrderPage",
    "OrderReduction",
    "OrderSummary",
    "Parcel",
    "TimelineEvent",
    "Unpaid",
    "find_guest_order",
    "has_units_to_send",
    "is_cancellable",
    "is_changeable",
    "normal_number",
    "order_for_mail",
    "order_of_parcel",
    "order_page",
    "order_page_where",
    "order_to_pay",
    "orders_of",
    "recent_orders",
    "units_of_order",
    "units_to_send",
    "visible_to",
]
