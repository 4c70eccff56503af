"""Staff decide: yes, with the replacement held and its difference to be paid; no, with a reason; or nothing came."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import transaction
from storefront.inventory import services as inventory
from storefront.orders.refunding import carry_out
from storefront.payments.cards import CARDS
from storefront.returns.errors import ReturnChangedMeanwhile
from storefront.returns.queries import ReturnView
from storefront.returns.services.charging import let_go_of_difference, promise_difference
from storefront.returns.services.steps import locked, move

NO_END = datetime(9999, 1, 1, tzinfo=UTC)
"""A replacement is held until it is sent, or nobody wants it any more."""


def approve_return(actor_id: uuid.UUID, number: str) -> None:
    """Say yes. An exchange holds its replacements from now on, and what they cost more is owed; a card pays it first.

    Raises NotAllowed, ``NotFound``, :class:`ReturnChangedMeanwhile`, and ``InsufficientStock`` when a replacement is
    sold out meanwhile.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        if one.status != "requested":
            raise ReturnChangedMeanwhile(one.number, one.status)
        inventory.hold(replacements_of(one), return_id=one.id, expires_at=NO_END)
        pays_later = one.price_difference > 0 and one.payment_method != CARDS.code
        payment_id = promise_difference(one, one.payment_method) if pays_later else None
        move(one, "approved", actor=f"staff:{actor_id}", payment_id=payment_id)
        record_audit(actor_id, "approve", "return", one.id)


def refuse_return(actor_id: uuid.UUID, number: str, refusal: str) -> None:
    """Say no, with a reason that the shopper reads.

    Raises NotAllowed, ``NotFound`` and :class:`ReturnChangedMeanwhile`.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        move(one, "rejected", actor=f"staff:{actor_id}", refusal=refusal.strip()[:500])
        record_audit(actor_id, "refuse", "return", one.id)


def close_unreceived(actor_id: uuid.UUID, number: str) -> None:
    """Close a return whose goods never came: nothing is held and nothing is owed for it any more, and what was paid for
    dearer goods goes back.

    Raises NotAllowed, ``NotFound``, :class:`ReturnChangedMeanwhile`, and as ``refund_order`` when it is closed but the
    money has not gone back yet.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        if one.status != "approved":
            raise ReturnChangedMeanwhile(one.number, one.status)
        inventory.release_return(one.id)
        waiting = let_go_of_difference(one)
        move(one, "cancelled", actor=f"staff:{actor_id}")
        record_audit(actor_id, "close", "return", one.id)
    carry_out(one.order_number, waiting)


def replacements_of(one: ReturnView) -> dict[uuid.UUID, int]:
    """The units that go out for an exchange, by product."""
    units: dict[uuid.UUID, int] = {}
    for line in one.lines:
        if line.replacement_id is not None:
            units[line.replacement_id] = units.get(line.replacement_id, 0) + line.quantity
    return units
