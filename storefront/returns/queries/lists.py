"""The staff's list of returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.db import session
from storefront.core.pagination import Page
from storefront.orders.models import Order
from storefront.returns.models import RETURN_TRANSITIONS, Return, ReturnItem

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class StaffReturn:
    """A return in the staff's list."""

    number: str
    order_number: str
    kind: str
    status: str
    email: str
    quantity: int
    created_at: datetime


def staff_returns(text: str = "", status: str = "", page: int = 1) -> Page[StaffReturn]:
    """Returns by number or e-mail address; those that wait for somebody first, the oldest of them first.

    Two statements.
    """
    email = sa.func.coalesce(Order.guest_email, sa.cast(User.email, sa.Text), "")
    wanted: list[sa.ColumnElement[bool]] = []
    if status in RETURN_TRANSITIONS:
        wanted.append(Return.status == status)
    if text:
        like = "%" + text.replace("%", r"\%").replace("_", r"\_") + "%"
        wanted.append(sa.or_(Return.number.ilike(like), email.ilike(like)))
    joined = sa.join(Return, Order, Order.id == Return.order_id).join(
        User, User.id == Order.user_id, isouter=True
    )
    total = session().scalar(sa.select(sa.func.count(Return.id)).select_from(joined).where(*wanted)) or 0
    units = (
        sa.select(sa.func.coalesce(sa.func.sum(ReturnItem.quantity), 0))
        .where(ReturnItem.return_id == Return.id)
        .scalar_subquery()
    )
    closed_last = sa.case((Return.closed_at.is_(None), 0), else_=1)
    rows = session().execute(
        sa.select(
            Return.number,
            Order.order_number,
            Return.kind,
            Return.status,
            email,
            units,
            Return.created_at,
        )
        .select_from(joined)
        .where(*wanted)
        .order_by(
            closed_last,
            sa.case((Return.closed_at.is_(None), Return.created_at)),
            Return.created_at.desc(),
            Return.id,
        )
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([StaffReturn(*row) for row in rows], page, PER_PAGE, total)
