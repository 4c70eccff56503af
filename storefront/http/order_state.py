"""An order's state in a word, with the kind of badge it takes."""

from __future__ import annotations

from typing import Protocol

from storefront.core.texts import gettext as _


class HasState(Protocol):
    """An order as lists and pages read it."""

    @property
    def status(self) -> str: ...
    @property
    def payment_status(self) -> str: ...
    @property
    def fulfilment_status(self) -> str: ...
    @property
    def to_send(self) -> int: ...


def order_state(order: HasState) -> tuple[str, str]:
    """What a shopper wants to know first, and ``good``, ``warn``, ``bad`` or ``quiet``."""
    if order.status == "cancelled":
        return _("Cancelled"), "quiet"
    if order.status == "pending":
        return _("Being checked"), "warn"
    if order.fulfilment_status == "returned":
        return _("Returned"), "quiet"
    if order.fulfilment_status == "unfulfilled" and order.status == "completed":
        return _("Closed"), "quiet"
    if order.status in ("delivered", "completed"):
        return _("Delivered"), "good"
    if order.status == "shipped" or order.fulfilment_status == "fulfilled":
        return _("On its way"), "good"
    if order.fulfilment_status == "partial":
        return _("Partly on its way"), "good"
    if not order.to_send:
        return _("Money on its way back"), "warn"
    if order.payment_status == "failed":  # nothing of it is sent
        return _("Not paid"), "bad"
    return _("Being packed"), "warn"
