"""What may become of orders, payments, parcels and refunds; a trigger enforces the same edges (a test compares)."""

from __future__ import annotations

ORDER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "draft": ("pending", "placed", "cancelled"),
    "pending": ("placed", "cancelled"),
    "placed": ("processing", "shipped", "delivered", "completed", "cancelled"),
    "processing": ("shipped", "delivered", "cancelled"),
    "shipped": ("delivered",),
    "delivered": ("completed",),
    "completed": ("placed",),
    "cancelled": (),
}
PAYMENT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "pending": ("authorised", "paid", "failed", "cancelled"),
    "authorised": ("paid", "failed", "cancelled"),
    "failed": ("pending", "authorised", "paid", "cancelled"),
    "paid": ("partially_refunded", "refunded"),
    "partially_refunded": ("paid", "refunded"),
    "refunded": ("paid", "partially_refunded"),
    "cancelled": (),
}
FULFILMENT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "unfulfilled": ("partial", "fulfilled"),
    "partial": ("fulfilled", "returned"),
    "fulfilled": ("returned",),
    "returned": (),
}
SHIPMENT_STATUSES = ("preparing", "shipped", "delivered", "lost", "cancelled")
CHANGE_STATUSES = ("waiting", "applied", "ended")
REFUND_DESTINATIONS = ("original", "gift_card")
ORDER_REFUND_STATUSES = ("pending", "succeeded", "failed")
TAX_TREATMENTS = ("taxed", "reverse_charge", "untaxed")
