"""Asking to send something back: what, why, for money or for another variant; and thinking better of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.money import ZERO, percent_of
from storefront.orders.drafts import head_of
from storefront.orders.models import Order, OrderItem
from storefront.orders.queries_for_refunds import refundable
from storefront.returns.errors import DifferenceChanged, NotReturnable, ReturnChangedMeanwhile, ReturnRefused
from storefront.returns.models import Return, ReturnItem
from storefront.returns.queries import (
    REASONS,
    Replacement,
    ReturnableLine,
    ReturnableOrder,
    return_page,
    returnable,
    staff_returnable,
)
from storefront.returns.services.steps import free_number, locked, move, tell

BACK_TO = ("original", "gift_card")
"""Where money can go back to."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """Units of a line that are to come back; ``replacement_id`` is the variant that goes out instead."""

    item_id: uuid.UUID
    quantity: int
    reason: str
    note: str = ""
    replacement_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """What is asked for. ``payment_method`` is where money goes back to, or how a dearer replacement is paid.

    ``expected_difference`` is what the page said that the replacements cost more, below zero less, tax included.
    """

    kind: Literal["return", "exchange"]
    lines: Sequence[WantedLine]
    payment_method: str = "original"
    note: str = ""
    expected_difference: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AskedReturn:
    """The return that now exists."""

    id: uuid.UUID
    number: str


def request_return(identity: Identity, order_number: str, request: ReturnRequest) -> AskedReturn:
    """Ask to send something of this person's order back.

    Raises ``NotFound``, also for somebody else's order, :class:`NotReturnable`, :class:`ReturnRefused` and
    :class:`DifferenceChanged`. However many ask at once, no unit comes back twice: the database counts.
    """
    with transaction():
        order = returnable(identity, order_number)
        head_of(order.order_id, lock=True)
        order = returnable(identity, order_number)
        if not order.is_open:
            raise NotReturnable(order.number, order.until if order.has_left else None)
        return _write(order, request, actor="shopper")


def open_return(actor_id: uuid.UUID, order_number: str, request: ReturnRequest) -> AskedReturn:
    """Staff ask in the customer's name, also after the window. Raises NotAllowed and as :func:`request_return`."""
    with transaction():
        require_permission(actor_id, "orders", "write")
        head_of(staff_returnable(order_number).order_id, lock=True)
        order = staff_returnable(order_number)
        if not order.has_left:
            raise NotReturnable(order.number)
        return _write(order, request, actor=f"staff:{actor_id}")


@dataclass(frozen=True, slots=True)
class ReturnPreview:
    """What a return comes to. ``worth`` is what the units cost; ``difference`` is what replacements cost more.

    ``unpaid`` of what goes back was not paid yet, and will not have to be; the rest, ``back``, moves.
    """

    lines: tuple[tuple[ReturnableLine, WantedLine, Replacement | None], ...]
    worth: Decimal
    difference: Decimal
    unpaid: Decimal = ZERO

    @property
    def back(self) -> Decimal:
        """What was paid of it and goes back."""
        return (-self.difference if self.difference else self.worth) - self.unpaid


def preview_return(order: ReturnableOrder, request: ReturnRequest) -> ReturnPreview:
    """Check a request and say what it comes to, without writing anything. Raises :class:`ReturnRefused`."""
    items = _items(order, request)
    money = refundable(order.number)
    parts = {line.id: line.left for line in money.lines}
    known = {line.id: line for line in order.lines}
    worth, lines = ZERO, []
    for wanted in request.lines:
        part, line = parts[wanted.item_id], known[wanted.item_id]
        units = min(wanted.quantity, part.quantity)
        worth += part.of_units(units).amount if units else ZERO
        chosen = next((one for one in line.replacements if one.product_id == wanted.replacement_id), None)
        lines.append((line, wanted, chosen))
    difference = sum((item["price_difference"] for item in items), ZERO)
    less = -difference if request.kind == "exchange" else worth
    waivable = sum((one.waivable for one in money.payments if one.is_own), ZERO)
    return ReturnPreview(tuple(lines), worth, difference, max(ZERO, min(less, waivable)))


def withdraw_return(identity: Identity, number: str) -> None:
    """The shopper thinks better of it, while nobody has decided.

    Raises ``NotFound``, also for somebody else's, and :class:`ReturnChangedMeanwhile`.
    """
    with transaction():
        one = locked(return_page(identity, number).number)
        if one.status != "requested":
            raise ReturnChangedMeanwhile(one.number, one.status)
        move(one, "cancelled", actor="shopper")


def difference_of(
    line: ReturnableLine, replacement: Replacement, quantity: int, tax_on_top: Decimal
) -> Decimal:
    """What ``quantity`` replacements cost more than the units did when they were bought, tax included.

    By list prices: what a discount took off the units stays off. ``tax_on_top`` is per cent, 0 where prices contain it.
    """
    more = (replacement.price - line.unit_price) * quantity
    return more + percent_of(more, tax_on_top)


def _write(order: ReturnableOrder, request: ReturnRequest, *, actor: str) -> AskedReturn:
    items = _items(order, request)
    difference = sum((item["price_difference"] for item in items), ZERO)
    if request.expected_difference is not None and difference != request.expected_difference:
        raise DifferenceChanged(request.expected_difference, difference, order.currency)
    if request.payment_method not in (order.methods if difference > 0 else BACK_TO):
        raise ReturnRefused(order.number, "method")
    return_id, number = new_id(), free_number(order.order_id, order.number)
    session().execute(
        sa.insert(Return).values(
            id=return_id,
            order_id=order.order_id,
            number=number,
            kind=request.kind,
            note=request.note,
            price_difference=difference,
            payment_method=request.payment_method,
        )
    )
    session().execute(sa.insert(ReturnItem), [item | {"return_id": return_id} for item in items])
    tell(return_id, order.order_id, number, request.kind, "requested", user_id=order.user_id, actor=actor)
    return AskedReturn(return_id, number)


def _items(order: ReturnableOrder, request: ReturnRequest) -> list[dict[str, Any]]:
    lines = {line.id: line for line in order.lines}
    on_top = _tax_on_top(order.order_id)
    items: list[dict[str, Any]] = []
    for wanted in request.lines:
        line = lines.get(wanted.item_id)
        if line is None or any(item["order_item_id"] == wanted.item_id for item in items):
            raise ReturnRefused(order.number, "line")
        if not 0 < wanted.quantity <= line.left:
            raise ReturnRefused(order.number, "units", line.name, line.left)
        if wanted.reason not in REASONS:
            raise ReturnRefused(order.number, "reason", line.name)
        item: dict[str, Any] = {
            "order_item_id": line.id,
            "quantity": wanted.quantity,
            "reason": wanted.reason,
            "note": wanted.note,
            "replacement_product_id": None,
            "replacement_name": "",
            "replacement_sku": "",
            "replacement_options": {},
            "replacement_price": None,
            "price_difference": ZERO,
        }
        if request.kind == "exchange":
            item |= _replacement(order, line, wanted, on_top.get(line.id, ZERO))
        items.append(item)
    if not items:
        raise ReturnRefused(order.number, "nothing")
    return items


def _replacement(
    order: ReturnableOrder, line: ReturnableLine, wanted: WantedLine, on_top: Decimal
) -> dict[str, Any]:
    chosen = next((one for one in line.replacements if one.product_id == wanted.replacement_id), None)
    if chosen is None or chosen.available < wanted.quantity:
        raise ReturnRefused(order.number, "replacement", line.name, chosen.available if chosen else 0)
    return {
        "replacement_product_id": chosen.product_id,
        "replacement_name": chosen.name,
        "replacement_sku": chosen.sku,
        "replacement_options": dict(chosen.options),
        "replacement_price": chosen.price,
        "price_difference": difference_of(line, chosen, wanted.quantity, on_top),
    }


def _tax_on_top(order_id: uuid.UUID) -> dict[uuid.UUID, Decimal]:
    """Per cent that comes on top of a line's price; nothing where the order's prices contain it."""
    rows = session().execute(
        sa.select(OrderItem.id, OrderItem.tax_rate)
        .join(Order, Order.id == OrderItem.order_id)
        .where(OrderItem.order_id == order_id, sa.not_(Order.prices_include_tax))
    )
    return dict(rows.all())
