"""The shopper's own orders: a signed-in shopper's, or those a guest has proved with number and e-mail."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS, amount
from storefront.core.money import ZERO
from storefront.core.shop_time import shop_day
from storefront.orders import queries as orders
from storefront.payments.methods import is_paid_later

_LISTED = 5


@TOOLS.tool("Looking up your orders")
def list_orders(context: ToolContext) -> Outcome:
    """The shopper's latest orders with their state: a signed-in shopper's, or those a guest has placed or
    proved in this browser. A guest without any gets the error `sign_in_needed`."""
    found = orders.recent_orders(context.identity, _LISTED)
    if not found and context.identity.user_id is None:
        links = {"sign_in": "/account/sign-in", "guest_look_up": "/orders/find"}
        return Outcome({"error": "sign_in_needed", **links}, "You are not signed in", ok=False)
    listed = [
        {
            "number": order.number,
            "placed": shop_day(order.placed_at).isoformat(),
            "status": order.status,
            "payment_status": order.payment_status,
            "fulfilment_status": order.fulfilment_status,
            "total": amount(order.total, order.currency),
            "items": order.quantity,
        }
        for order in found
    ]
    return Outcome({"orders": listed}, f"{len(listed)} found")


@TOOLS.tool(lambda arguments: f"Looking up order {str(arguments.get('number', ''))[:12]}")
def order_status(
    context: ToolContext, number: Annotated[str, Field(max_length=40, description="The order's number.")]
) -> Outcome:
    """One of the shopper's own orders: state, items, parcels with tracking, amounts.

    `promised_by_card` will be taken from the card when the parcel leaves; the shopper has nothing to do about it.
    `left_to_pay` is what they still pay themselves.

    Somebody else's order, and a guest's who has not proved it, is not found.
    """
    order = orders.order_page(context.identity, number)
    return Outcome(_facts(order), f"Order {order.number}: {order.status}")


def _facts(order: orders.OrderPage) -> dict[str, Any]:
    # What a card has promised is nothing that its shopper has to see to.
    is_promised = order.payment_status == "authorised" and not is_paid_later(order.payment_method)
    promised, left = (order.left_to_pay, ZERO) if is_promised else (ZERO, order.left_to_pay)
    return {
        "number": order.number,
        "page": f"/orders/{order.number}",
        "status": order.status,
        "payment": f"{order.payment_method}, {order.payment_status}",
        "fulfilment_status": order.fulfilment_status,
        "placed": shop_day(order.placed_at).isoformat() if order.placed_at else None,
        "shipping": order.shipping_name,
        "items": [{"name": line.name, "quantity": line.quantity} for line in order.lines],
        "total": amount(order.total, order.currency),
        "promised_by_card": amount(promised, order.currency),
        "left_to_pay": amount(left, order.currency),
        "only_shipping_is_left_to_pay": order.only_shipping_left and not is_promised,
        "parcels": [
            {"carrier": parcel.carrier, "tracking_number": parcel.tracking_number, "status": parcel.status}
            for parcel in order.parcels
        ],
        "can_be_cancelled": order.can_cancel,
    }
