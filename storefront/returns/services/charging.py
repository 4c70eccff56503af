"""What a dearer exchange costs on top counts on its order: promised to be paid later, or paid by card; or let go of."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import session, transaction, write
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.money import ZERO
from storefront.core.outbox import enqueue
from storefront.orders.models import Order, OrderItem
from storefront.orders.queries_for_refunds import refundable, refunds_wait
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, promise_refund
from storefront.orders.timeline import record_event
from storefront.payments import services as payments
from storefront.payments.changing import drop_payment
from storefront.payments.methods import INVOICES_DUE
from storefront.payments.queries import payment_row
from storefront.returns.differences import DifferencePart, difference_parts
from storefront.returns.errors import RefundUnderWay, ReturnChangedMeanwhile, ReturnRefused
from storefront.returns.models import Return
from storefront.returns.queries import ReturnView, return_page
from storefront.returns.services.steps import locked


def promise_difference(one: ReturnView, method: str) -> uuid.UUID:
    """Have the difference paid later, in the caller's transaction; returns its payment's id. Raises
    ``UnknownPaymentMethod``."""
    payment_id = new_id()
    payments.open_promise(
        payment_id, one.order_id, method, one.price_difference, one.currency, is_for_exchange=True
    )
    count_difference(one)
    return payment_id


def count_difference(one: ReturnView) -> None:
    """What was paid for the lines grows by the difference, so that it can be given back, too; its invoice is due."""
    parts = _parts(one)
    for part in parts:
        _add(OrderItem, part.item_id, part.amount, part.tax)
    amount, tax = (sum((getattr(part, name) for part in parts), ZERO) for name in ("amount", "tax"))
    _add(Order, one.order_id, amount, tax)
    enqueue(INVOICES_DUE, order_id=str(one.order_id))


def _add(table: type[Order] | type[OrderItem], key: uuid.UUID, amount: Any, tax: Any) -> None:
    write(
        sa.update(table)
        .where(table.id == key)
        .values(exchange_amount=table.exchange_amount + amount, exchange_tax=table.exchange_tax + tax)
    )


def _parts(one: ReturnView) -> list[DifferencePart]:
    rows = session().execute(
        sa.select(OrderItem.id, OrderItem.tax_rate).where(
            OrderItem.id.in_([line.item_id for line in one.lines])
        )
    )
    return difference_parts(one.lines, one.price_difference, dict(rows.all()))


def let_go_of_difference(one: ReturnView) -> list[uuid.UUID]:
    """The exchange does not come about: what is still owed or was paid for it goes back, by a refund of its lines.

    In the caller's transaction; returns the payments' refunds that are to be sent after it. A card that has not paid
    yet is let go of. Raises :class:`RefundUnderWay` while a refund that counts on it may still fail: what it asks for
    less by would be asked for again.
    """
    if one.payment_id is None:
        return []
    payment = payment_row(one.payment_id)
    if not one.is_charged:
        drop_payment(payment, "exchange closed")
        return []
    if payment.refundable < one.price_difference and refunds_wait(one.order_id):
        raise RefundUnderWay(one.number)
    left = {line.id: line.left.amount for line in refundable(one.order_number).lines}
    missing, lines = payment.refundable, []
    for part in _parts(one):
        amount = min(missing, part.amount, left.get(part.item_id, ZERO))
        if amount > 0:
            lines.append(RefundLine(part.item_id, amount=amount))
            missing -= amount
    if not lines:
        return []
    request = RefundRequest(
        lines=lines, reason=f"Exchange {one.number}", return_id=one.id, payment_id=payment.id
    )
    return promise_refund(None, one.order_number, request)[1]


def pay_later(identity: Identity, number: str, method: str) -> None:
    """The shopper pays the difference on invoice or on delivery after all, not by card.

    Raises ``NotFound``, also for somebody else's, :class:`ReturnChangedMeanwhile` and :class:`ReturnRefused`.
    """
    with transaction():
        _pay_later(locked(return_page(identity, number).number), method, "shopper")


def have_it_paid_later(actor_id: uuid.UUID, number: str, method: str) -> None:
    """Staff let the difference be paid another way than by card. Raises NotAllowed, else as :func:`pay_later`."""
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        _pay_later(one, method, f"staff:{actor_id}")
        record_audit(actor_id, "change", "return", one.id)


def _pay_later(one: ReturnView, method: str, actor: str) -> None:
    if not one.awaits_card:
        raise ReturnChangedMeanwhile(one.number, one.status)
    if method not in one.later_methods:
        raise ReturnRefused(one.order_number, "method")
    if one.payment_id is not None:
        drop_payment(payment_row(one.payment_id), "paid another way")
    payment_id = promise_difference(one, method)
    write(sa.update(Return).where(Return.id == one.id).values(payment_method=method, payment_id=payment_id))
    record_event(one.order_id, "difference_promised", actor=actor, note=f"{one.number}: {method}")
