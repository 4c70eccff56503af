"""Orders as staff see them: everybody's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.db import session
from storefront.core.pagination import Page
from storefront.orders.models import Order, OrderItem
from storefront.orders.models.states import ORDER_TRANSITIONS
from storefront.orders.queries import (
    UNITS_LEFT,
    OrderPage,
    has_units_to_send,
    normal_number,
    order_page_where,
    units_of_order,
)
from storefront.payments.captures import CaptureRow, captures_of
from storefront.payments.queries import PaymentRow, RefundRow, payments_of, refunds_of
from storefront.payments.refusals import Refusals, orders_that_owe_refused, owes_refused, refusals_of

PER_PAGE = 50
REFUND_OPEN = "refund_open"


@dataclass(frozen=True, slots=True)
class StaffOrder:
    """An order in the staff list. ``to_send`` is how many units are still to be sent.

    ``is_owed``: money of it should go back, and its provider would not give it back.
    """

    id: uuid.UUID
    number: str
    email: str
    is_guest: bool
    status: str
    payment_status: str
    fulfilment_status: str
    total: Decimal
    currency: str
    quantity: int
    to_send: int
    is_owed: bool
    created_at: datetime


def staff_orders(text: str = "", status: str = "", page: int = 1) -> Page[StaffOrder]:
    """Orders by number or e-mail address, the newest first; drafts are left out. Two statements.

    ``placed`` are those with something to pack; :data:`REFUND_OPEN` those whose goods were all given back before
    anything was sent, and whose money is on its way or could not be given back; also those that are cancelled, or had
    paid too much, and whose money the provider would not give back.
    """
    email = sa.func.coalesce(Order.guest_email, sa.cast(User.email, sa.Text))
    wanted = [Order.status != "draft"]
    if status in ORDER_TRANSITIONS:
        wanted.append(Order.status == status)
    if status == "placed":
        wanted.append(has_units_to_send())
    if status == REFUND_OPEN:
        # As two lists: one condition over all orders would read them all.
        given_back = sa.select(Order.id).where(Order.status == "placed", sa.not_(has_units_to_send()))
        wanted.append(Order.id.in_(given_back.union(orders_that_owe_refused())))
    if text:
        like = "%" + text.replace("%", r"\%").replace("_", r"\_") + "%"
        wanted.append(sa.or_(Order.order_number == normal_number(text), email.ilike(like)))
    joined = sa.join(Order, User, User.id == Order.user_id, isouter=True)
    total = session().scalar(sa.select(sa.func.count(Order.id)).select_from(joined).where(*wanted)) or 0
    columns: tuple[Any, ...] = (
        Order.id,
        Order.order_number,
        email,
        Order.user_id.is_(None),
        Order.status,
        Order.payment_status,
        Order.fulfilment_status,
        Order.total_amount,
        Order.currency,
        units_of_order(OrderItem.quantity),
        units_of_order(UNITS_LEFT),
        owes_refused(Order.id),
        Order.created_at,
    )
    rows = session().execute(
        sa.select(*columns)
        .select_from(joined)
        .where(*wanted)
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([StaffOrder(*row) for row in rows], page, PER_PAGE, total)


def staff_order(number: str) -> OrderPage:
    """The order with this number, whoever's it is. Raises NotFound. Four statements."""
    return order_page_where(
        sa.and_(Order.order_number == normal_number(number), Order.status != "draft"), number
    )


@dataclass(frozen=True, slots=True)
class OrderPayments:
    """What was paid for an order, is about to be, and went back; ``refusals`` are of what should have gone back."""

    payments: tuple[PaymentRow, ...]
    captures: tuple[CaptureRow, ...]
    refunds: tuple[RefundRow, ...]
    refusals: tuple[Refusals, ...] = ()

    @property
    def uncaptured(self) -> Decimal:
        """What is promised for the order and was not taken yet; what its exchanges cost is seen on them."""
        return sum((one.uncaptured for one in self.payments if one.is_own), Decimal(0))


def order_payments(order_id: uuid.UUID) -> OrderPayments:
    """An order's money as staff see it. Three statements, four where a refund was refused."""
    money_back = tuple(refunds_of(order_id))
    may_be_owed = any(one.status == "failed" for one in money_back)
    return OrderPayments(
        tuple(payments_of(order_id)),
        tuple(captures_of(order_id)),
        money_back,
        tuple(refusals_of(order_id)) if may_be_owed else (),
    )
