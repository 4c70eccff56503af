"""Somebody's orders in a list, the one they are about to pay, and a guest's look-up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.cart.models import Cart
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.pagination import Page
from storefront.orders.models import Order, OrderItem
from storefront.orders.queries.pages import normal_number, visible_to
from storefront.orders.queries.units import UNITS_LEFT, units_of_order
from storefront.orders.queries.views import OrderSummary


def orders_of(user_id: uuid.UUID, page: int = 1, per_page: int = 10) -> Page[OrderSummary]:
    """The person's orders, the newest first. Two statements."""
    mine = sa.and_(Order.user_id == user_id, Order.placed_at.is_not(None))
    total = session().scalar(sa.select(sa.func.count()).select_from(Order).where(mine)) or 0
    return Page(_summaries(mine, per_page, (page - 1) * per_page), page, per_page, total)


def recent_orders(identity: Identity, limit: int) -> list[OrderSummary]:
    """The latest orders this person may see: their own, or those a guest has proved. One statement."""
    return _summaries(sa.and_(visible_to(identity), Order.placed_at.is_not(None)), limit)


def _summaries(which: sa.ColumnElement[bool], limit: int, offset: int = 0) -> list[OrderSummary]:
    columns: tuple[Any, ...] = (
        Order.id,
        Order.order_number,
        Order.status,
        Order.payment_status,
        Order.fulfilment_status,
        Order.total_amount,
        Order.currency,
        units_of_order(OrderItem.quantity),
        units_of_order(UNITS_LEFT),
        Order.placed_at,
    )
    rows = session().execute(
        sa.select(*columns)
        .where(which)
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [OrderSummary(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An order that its shopper is about to pay, or has just paid. Amounts are in ``currency``.

    ``to_pay`` is what a gift card leaves of ``total``.
    """

    id: uuid.UUID
    number: str
    status: str
    total: Decimal
    to_pay: Decimal
    currency: str


def order_to_pay(identity: Identity, number: str) -> Unpaid:
    """This person's order, also while it is a draft. Raises :class:`NotFound`, also for somebody else's."""
    cart_is_theirs = sa.exists().where(Cart.id == Order.cart_id, Cart.session_id == identity.session_id)
    theirs: sa.ColumnElement[bool] = Order.id.in_(identity.proved_order_ids)
    if identity.user_id is not None:
        theirs = sa.or_(theirs, Order.user_id == identity.user_id)
    elif identity.session_id is not None:
        theirs = sa.or_(theirs, sa.and_(Order.user_id.is_(None), cart_is_theirs))
    row = (
        session()
        .execute(
            sa.select(
                Order.id,
                Order.order_number,
                Order.status,
                Order.total_amount,
                Order.total_amount - Order.gift_card_amount,
                Order.currency,
            ).where(Order.order_number == normal_number(number), theirs)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("order", number)
    return Unpaid(*row)


def find_guest_order(number: str, email: str) -> uuid.UUID | None:
    """The id of a guest's order by its number and e-mail address; None whichever of the two is wrong.

    Somebody whose order came out of another shop's books has an account that they have never opened: until they set
    a password by a mailed link they find it as guests do. That a stranger signs up with their address changes nothing.
    """
    address = email.strip()
    unopened = sa.and_(
        Order.external_id.is_not(None),
        User.email == address,
        sa.not_(User.email_verified),
        User.deleted_at.is_(None),
        User.is_active,
    )
    return session().scalar(
        sa.select(Order.id)
        .join(User, User.id == Order.user_id, isouter=True)
        .where(
            Order.order_number == normal_number(number),
            sa.or_(sa.and_(Order.guest_email == address, Order.user_id.is_(None)), unopened),
            Order.status != "draft",
        )
    )
