"""Staff decide: yes, with the replacement held and its difference to be paid; no, with a reason; or nothing came."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import session, transaction, write
from storefront.core.ids import new_id
from storefront.core.money import ZERO, included_tax
from storefront.inventory import services as inventory
from storefront.orders.models import Order, OrderItem
from storefront.payments import services as payments
from storefront.payments.queries import payment_row
from storefront.returns.errors import ReturnChangedMeanwhile
from storefront.returns.models import Return
from storefront.returns.queries import ReturnView
from storefront.returns.services.steps import locked, move

NO_END = datetime(9999, 1, 1, tzinfo=UTC)
"""A replacement is held until it is sent, or nobody wants it any more."""


def approve_return(actor_id: uuid.UUID, number: str) -> None:
    """Say yes. An exchange holds its replacements from now on, and opens the payment of what they cost more.

    Raises NotAllowed, ``NotFound``, :class:`ReturnChangedMeanwhile`, and ``InsufficientStock`` when a replacement is
    sold out meanwhile.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        if one.status != "requested":
            raise ReturnChangedMeanwhile(one.number, one.status)
        inventory.hold(replacements_of(one), return_id=one.id, expires_at=NO_END)
        payment_id = _charge(one) if one.price_difference > 0 else None
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
    """Close a return whose goods never came: nothing is held and nothing is owed for it any more.

    Raises NotAllowed, ``NotFound`` and :class:`ReturnChangedMeanwhile`.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        if one.status != "approved":
            raise ReturnChangedMeanwhile(one.number, one.status)
        inventory.release_return(one.id)
        if one.payment_id is not None:
            _let_go_of(one)
        move(one, "cancelled", actor=f"staff:{actor_id}")
        record_audit(actor_id, "close", "return", one.id)


def replacements_of(one: ReturnView) -> dict[uuid.UUID, int]:
    """The units that go out for an exchange, by product."""
    units: dict[uuid.UUID, int] = {}
    for line in one.lines:
        if line.replacement_id is not None:
            units[line.replacement_id] = units.get(line.replacement_id, 0) + line.quantity
    return units


def _charge(one: ReturnView) -> uuid.UUID:
    """Have the difference paid; what was paid for the line grows by it, so that it can be given back, too."""
    payment_id = new_id()
    payments.open_promise(payment_id, one.order_id, one.payment_method, one.price_difference, one.currency)
    _count(one, 1)
    return payment_id


def _let_go_of(one: ReturnView) -> None:
    """A difference that was not paid yet is owed no longer; one that was is given back by hand, as a refund."""
    assert one.payment_id is not None
    payment = payment_row(one.payment_id)
    if payment.is_open_promise:
        payments.cancel_promise(payment.id)
        _count(one, -1)
    write(sa.update(Return).where(Return.id == one.id).values(payment_id=None))


def _count(one: ReturnView, sign: int) -> None:
    """Cheaper lines of the same exchange lower what is charged; they are counted on the dearer ones, by turn."""
    rows = session().execute(
        sa.select(OrderItem.id, OrderItem.tax_rate).where(
            OrderItem.id.in_([line.item_id for line in one.lines])
        )
    )
    rates = dict(rows.all())
    missing, tax = one.price_difference, ZERO
    for line in one.lines:
        part = min(missing, max(line.price_difference, ZERO))
        if part:
            part_tax = included_tax(part, rates[line.item_id])
            write(
                sa.update(OrderItem)
                .where(OrderItem.id == line.item_id)
                .values(
                    exchange_amount=OrderItem.exchange_amount + sign * part,
                    exchange_tax=OrderItem.exchange_tax + sign * part_tax,
                )
            )
            missing, tax = missing - part, tax + part_tax
    _count_on_order(one.order_id, sign * (one.price_difference - missing), sign * tax)


def _count_on_order(order_id: uuid.UUID, amount: Decimal, tax: Decimal) -> None:
    write(
        sa.update(Order)
        .where(Order.id == order_id)
        .values(exchange_amount=Order.exchange_amount + amount, exchange_tax=Order.exchange_tax + tax)
    )
