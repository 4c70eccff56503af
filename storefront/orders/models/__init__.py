"""What was bought: orders with their lines and timeline, parcels, and what was given back of them.

``states`` says what may follow what.
"""

from __future__ import annotations

from storefront.orders.models.order import Order, OrderChange, OrderEvent, OrderItem
from storefront.orders.models.parcel import Shipment
from storefront.orders.models.refund import OrderRefund, RefundItem

__all__ = [
    "Order",
    "OrderChange",
    "OrderEvent",
    "OrderItem",
    "OrderRefund",
    "RefundItem",
    "Shipment",
]
