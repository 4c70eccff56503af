"""What becomes of the goods of a refund: they come back on the shelf, or are not sent and stay there, or are gone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.core.money import ZERO
from storefront.inventory import services as inventory
from storefront.orders.queries_for_refunds import Refundable, refundable


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Units of a line, or with ``amount`` money without units. ``seen`` is what had gone back of it on the page.

    Without ``restock`` nobody can buy the units any more.
    """

    item_id: uuid.UUID
    quantity: int = 0
    amount: Decimal = ZERO
    restock: bool = False
    seen: Decimal | None = None


def unsent_of(order: Refundable, lines: Sequence[RefundLine]) -> dict[uuid.UUID, int]:
    """How many units of each line would still be sent, and will not be once these are given back."""
    wanted = {line.item_id: line.quantity for line in lines}
    return {line.id: line.unsent_of(wanted.get(line.id, 0)) for line in order.lines}


def lock_goods(order: Refundable, lines: Sequence[RefundLine]) -> None:
    """Lock the products of a refund until the transaction ends: after their order and before any gift card, as the
    checkout does."""
    wanted = {line.item_id for line in lines if line.quantity}
    inventory.lock_products(
        {line.product_id for line in order.lines if line.id in wanted and line.product_id}
    )


def move_goods(order: Refundable, lines: Sequence[RefundLine], actor_id: uuid.UUID | None) -> None:
    """Have the stock follow, in the caller's transaction: ``order`` is as it was before the refund was written.

    What was sent comes back on the shelf where the refund says so. What will not be sent is waited for no more, and
    lies on the shelf again unless it is unfit. What another shop sold was never in our ledger: it arrives now. The
    caller has locked the products.
    """
    wanted = {line.item_id: line for line in lines if line.quantity}
    unsent = unsent_of(order, lines)
    back: dict[uuid.UUID, int] = {}
    stays: dict[uuid.UUID, int] = {}
    unfit: dict[uuid.UUID, int] = {}
    bought: dict[uuid.UUID, int] = {}
    for line in order.lines:
        if line.product_id is None:
            continue
        bought[line.product_id] = bought.get(line.product_id, 0) + line.bought
        if line.id in wanted:
            kept, is_good = unsent.get(line.id, 0), wanted[line.id].restock
            _add(stays, line.product_id, kept)
            _add(
                back if is_good else unfit,
                line.product_id,
                wanted[line.id].quantity - kept if is_good else kept,
            )
    if stays:
        inventory.cancel_sale(
            order.order_id, stays, unfit=unfit, user_id=actor_id, note="given back before it was sent"
        )
    if back:
        elsewhere = bought if order.is_imported else None
        inventory.give_back(
            order.order_id,
            back,
            sold_elsewhere=elsewhere,
            to_send=units_to_send_of(refundable(order.number)),
            user_id=actor_id,
            note="refunded",
        )


def units_to_send_of(order: Refundable) -> dict[uuid.UUID, int]:
    """What of an order is sold and has not left, by product."""
    units: dict[uuid.UUID, int] = {}
    for line in order.lines:
        if line.product_id is not None:
            _add(units, line.product_id, line.to_send)
    return units


def _add(units: dict[uuid.UUID, int], product_id: uuid.UUID, count: int) -> None:
    if count:
        units[product_id] = units.get(product_id, 0) + count
