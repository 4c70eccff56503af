"""What a dearer replacement costs: promised with the yes, owed once it is paid or the goods have left, or never.

Until then no refund counts on it: the order is worth what was bought, and an exchange that does not come about leaves
nothing behind.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session, write
from storefront.core.ids import new_id
from storefront.core.money import ZERO, included_tax
from storefront.orders.models import Order, OrderItem
from storefront.payments import services as payments
from storefront.payments.changing import count_promise
from storefront.payments.queries import payment_row
from storefront.returns.models import Return
from storefront.returns.queries import ReturnView


def charge(one: ReturnView) -> uuid.UUID:
    """Have the difference be paid, in the caller's transaction; returns the payment's id."""
    payment_id = new_id()
    payments.open_promise(
        payment_id,
        one.order_id,
        one.payment_method,
        one.price_difference,
        one.currency,
        is_for_change=True,
    )
    return payment_id


def count(one: ReturnView) -> None:
    """The difference is owed, or paid: what was paid for the lines grows by it, so that it can be given back, too.

    Nothing happens when it was counted before. The caller has locked the order.
    """
    if one.payment_id is None or not count_promise(one.payment_id):
        return
    rows = session().execute(
        sa.select(OrderItem.id, OrderItem.tax_rate).where(
            OrderItem.id.in_([line.item_id for line in one.lines])
        )
    )
    rates = dict(rows.all())
    missing, tax = one.price_difference, ZERO
    for (
        line
    ) in one.lines:  # cheaper lines of the same exchange lower what is charged for the dearer ones, by turn
        part = min(missing, max(line.price_difference, ZERO))
        if part:
            part_tax = included_tax(part, rates[line.item_id])
            _count_on_line(line.item_id, part, part_tax)
            missing, tax = missing - part, tax + part_tax
    write(
        sa.update(Order)
        .where(Order.id == one.order_id)
        .values(
            exchange_amount=Order.exchange_amount + one.price_difference - missing,
            exchange_tax=Order.exchange_tax + tax,
        )
    )


def let_go_of(one: ReturnView) -> None:
    """A difference that was not paid is owed by nobody; one that was is given back by hand, as a refund."""
    assert one.payment_id is not None
    payment = payment_row(one.payment_id)
    if payment.is_for_change:
        payments.cancel_promise(payment.id)
    write(sa.update(Return).where(Return.id == one.id).values(payment_id=None))


def _count_on_line(item_id: uuid.UUID, amount: Decimal, tax: Decimal) -> None:
    write(
        sa.update(OrderItem)
        .where(OrderItem.id == item_id)
        .values(
            exchange_amount=OrderItem.exchange_amount + amount,
            exchange_tax=OrderItem.exchange_tax + tax,
        )
    )
