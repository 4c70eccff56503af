"""Reads of plans and memberships."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import Subscription, User
from storefront.accounts.queries import may_sign_in
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.memberships.models import MembershipPlan

RUNNING = ("trialing", "active", "past_due")
"""While the provider still tries to be paid, a membership goes on."""
_LONGEST_MONTH = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. ``members`` counts the running ones, where it was asked for."""

    id: uuid.UUID
    name: str
    description: str
    price: Decimal
    currency: str
    interval: str
    free_shipping_over: Decimal | None
    has_larger_chat_budget: bool
    price_id: str | None
    is_active: bool
    version: int
    members: int = 0


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody's membership. ``reference`` is the provider's name for it, None while it is being begun."""

    id: uuid.UUID
    user_id: uuid.UUID
    plan_id: uuid.UUID | None
    plan_name: str
    status: str
    period_start: datetime | None
    period_end: datetime | None
    ends_with_period: bool
    reference: str | None
    created_at: datetime

    @property
    def is_running(self) -> bool:
        """Its benefits count."""
        return self.status in RUNNING

    @property
    def interval(self) -> str:
        """What is paid at a time, ``month`` or ``year``: of what runs. Its plan may have another one by now."""
        if self.period_start is None or self.period_end is None:
            return "month"
        return "year" if self.period_end - self.period_start > _LONGEST_MONTH else "month"


@dataclass(frozen=True, slots=True)
class MembershipLetter:
    """What a letter about a membership says, and to whom."""

    email: str
    first_name: str | None
    language: str
    plan_name: str
    status: str
    period_end: datetime | None


def offered_plans() -> list[Plan]:
    """What can be had: plans in force that the provider knows, the cheapest first."""
    can_be_had = sa.and_(MembershipPlan.is_active, MembershipPlan.price_id.is_not(None))
    found = session().execute(_plans().where(can_be_had).order_by(MembershipPlan.price, MembershipPlan.name))
    return [Plan(*row) for row in found]


def staff_plans() -> list[Plan]:
    """All plans with how many people have them."""
    running = sa.and_(Subscription.plan_id == MembershipPlan.id, Subscription.status.in_(RUNNING))
    members = sa.select(sa.func.count()).select_from(Subscription).where(running).scalar_subquery()
    found = session().execute(_plans().add_columns(members).order_by(MembershipPlan.name))
    return [Plan(*row) for row in found]


def plan(plan_id: uuid.UUID) -> Plan:
    """One plan. Raises :class:`NotFound`."""
    row = session().execute(_plans().where(MembershipPlan.id == plan_id)).one_or_none()
    if row is None:
        raise NotFound("membership_plan", str(plan_id))
    return Plan(*row)


def membership_of(user_id: uuid.UUID) -> Membership | None:
    """The person's membership: the running one, else one that is being begun; None for neither."""
    row = Subscription
    found = session().execute(
        sa.select(
            row.id,
            row.user_id,
            row.plan_id,
            row.plan_name,
            row.status,
            row.current_period_start,
            row.current_period_end,
            row.cancel_at_period_end,
            row.provider_reference,
            row.created_at,
        )
        .where(row.user_id == user_id, row.status.in_([*RUNNING, "incomplete"]))
        .order_by(row.status == "incomplete", row.created_at.desc())
        .limit(1)
    )
    one: Any = found.one_or_none()
    return Membership(*one) if one else None


def overdue_members(before: datetime, limit: int) -> list[uuid.UUID]:
    """People whose membership should have gone on, or begun, before then: nobody has told us."""
    row = Subscription
    late = sa.or_(
        sa.and_(row.status.in_(RUNNING), row.current_period_end < before),
        sa.and_(row.status == "incomplete", row.updated_at < before),
    )
    found = session().scalars(
        sa.select(row.user_id)
        .where(late)
        .group_by(row.user_id)
        .order_by(sa.func.min(row.updated_at))
        .limit(limit)
    )
    return list(found)


def membership_letter(subscription_id: uuid.UUID) -> MembershipLetter | None:
    """What a letter needs; None where there is nobody to write to."""
    row = session().execute(
        sa.select(
            User.email,
            User.first_name,
            User.language,
            Subscription.plan_name,
            Subscription.status,
            Subscription.current_period_end,
        )
        .join(User, sa.and_(User.id == Subscription.user_id, may_sign_in()))
        .where(Subscription.id == subscription_id)
    )
    found = row.one_or_none()
    return MembershipLetter(*found) if found else None


def _plans() -> sa.Select[Any]:
    row = MembershipPlan
    columns: tuple[Any, ...] = (
        *(row.id, row.name, row.description, row.price, row.currency, row.interval),
        *(row.free_shipping_over, row.has_larger_chat_budget, row.price_id, row.is_active, row.version),
    )
    return sa.select(*columns)
