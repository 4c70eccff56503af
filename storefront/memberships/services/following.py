"""What the provider says of a person's membership, made true here: whoever brought the news, however often.

Our row, the person's tier and their place in the plan's group are written in one transaction, under the lock of who the
person is at the provider.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from storefront.accounts.models import Subscription, User
from storefront.core.clock import now
from storefront.core.db import release, session, transaction, write
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings
from storefront.memberships.models import MembershipPlan
from storefront.memberships.queries import RUNNING, membership_of, overdue_members
from storefront.payments.cards import cards_are_configured
from storefront.payments.saved_cards import customer_of, lock_customer
from storefront.promotions.services import set_group
from storefront.providers.payment_provider import PaymentProviderFailure, ProviderSubscription
from storefront.providers.stripe_subscriptions import stripe_subscriptions

log = structlog.get_logger(__name__)
MEMBER, STANDARD = "member", "standard"
BEGINNING_TAKES = timedelta(minutes=10)
"""After this an attempt that the provider knows nothing of did not come about."""
_BATCH = 100
_ATTEMPTS = 5
_LETTERS = {"active": "begun", "past_due": "unpaid", "cancelled": "ended", "expired": "ended"}


def follow(user_id: uuid.UUID) -> None:
    """Ask the provider about this person's membership and write down what it says.

    What was read before somebody else wrote may be older than what they wrote: it is asked for again. No transaction
    may be open. Raises ``PaymentProviderFailure``, also when others are quicker each time.
    """
    for _attempt in range(_ATTEMPTS):
        customer, before = customer_of(user_id), _written(user_id)
        if customer is None:
            return
        release()
        told = stripe_subscriptions().subscriptions_of(customer)
        with transaction():
            if not lock_customer(user_id):
                return  # deleted meanwhile
            if _written(user_id) == before:
                _write_all(user_id, told)
                return
    raise PaymentProviderFailure("busy", "others write this membership down")


def _written(user_id: uuid.UUID) -> list[tuple[uuid.UUID, datetime]]:
    """What is known, and since when."""
    rows = session().execute(
        sa.select(Subscription.id, Subscription.updated_at)
        .where(Subscription.user_id == user_id)
        .order_by(Subscription.id)
    )
    return [(one, moment) for one, moment in rows]


def _write_all(user_id: uuid.UUID, told: list[ProviderSubscription]) -> None:
    # Ended ones first: of two that run one after the other only the later may run here.
    for one in sorted(told, key=lambda one: (one.status in RUNNING, one.created)):
        _write_down(user_id, one)
    _give_up_attempts(user_id)
    settle(user_id)


def _write_down(user_id: uuid.UUID, told: ProviderSubscription) -> None:
    """One subscription as it is at the provider: known by its reference, or by the attempt that began it."""
    row = Subscription
    known = session().execute(
        sa.select(row.id, row.status, row.price_id).where(
            row.user_id == user_id,
            sa.or_(
                row.provider_reference == told.id,
                sa.and_(row.provider_reference.is_(None), sa.cast(row.id, sa.Text) == told.attempt),
            ),
        )
    )
    found = known.one_or_none()
    if found is None:
        return  # not begun by us
    write(
        sa.update(row)
        .where(row.id == found.id)
        .values(
            provider_reference=told.id,
            status=told.status,
            current_period_start=told.period_start,
            current_period_end=told.period_end,
            cancel_at_period_end=told.ends_with_period,
            **(_plan_of(told) if told.price and told.price != found.price_id else {}),
        )
    )
    letter = _LETTERS.get(told.status)
    ended_before_it_began = found.status == "incomplete" and letter == "ended"
    if letter is not None and told.status != found.status and not ended_before_it_began:
        came_back = found.status == "past_due" and letter == "begun"
        if not came_back:
            enqueue("mail.membership", subscription_id=str(found.id), what=letter)


def _plan_of(told: ProviderSubscription) -> dict[str, Any]:
    """What is had for another price than before, as it was changed to by us; of any other price, that alone."""
    plan = MembershipPlan
    known = session().execute(sa.select(plan.id, plan.name).where(sa.cast(plan.id, sa.Text) == told.plan))
    found = known.one_or_none()
    named = {"plan_id": found.id, "plan_name": found.name} if found else {}
    return {"price_id": told.price, **named}


def _give_up_attempts(user_id: uuid.UUID) -> None:
    row = Subscription
    write(
        sa.update(row)
        .where(
            row.user_id == user_id,
            row.status == "incomplete",
            row.provider_reference.is_(None),
            row.created_at < now() - BEGINNING_TAKES,
        )
        .values(status="expired")
    )


def settle(user_id: uuid.UUID) -> None:
    """Give the person what their membership gives, or take it back. Joins the caller's transaction."""
    with transaction():
        membership = membership_of(user_id)
        running = membership if membership is not None and membership.is_running else None
        plan = None
        if running is not None:
            row = MembershipPlan
            found = session().execute(
                sa.select(row.group_id, row.has_larger_chat_budget).where(row.id == running.plan_id)
            )
            plan = found.one_or_none()
        tier = MEMBER if plan is not None and plan.has_larger_chat_budget else STANDARD
        changed = sa.and_(User.id == user_id, User.subscription_tier != tier)
        write(sa.update(User).where(changed).values(subscription_tier=tier))
        groups = set(session().scalars(sa.select(MembershipPlan.group_id)))
        set_group(user_id, plan.group_id if plan is not None else None, among=groups)


def reconcile_memberships() -> dict[str, int]:
    """Ask about memberships that should have gone on, or begun, and nobody told us; returns how many. Run by a job."""
    counts = {"memberships": 0, "failed": 0}
    if not cards_are_configured():
        return counts
    before = now() - timedelta(minutes=current_settings().reconcile_minutes)
    with transaction():
        late = overdue_members(before, _BATCH)
    for user_id in late:
        _asked(user_id)
        try:
            follow(user_id)
            counts["memberships"] += 1
        except Exception:  # whatever is wrong with this one, those behind it are asked for
            log.exception("membership_not_reconciled", user=str(user_id))
            counts["failed"] += 1
        release()
    return counts


def _asked(user_id: uuid.UUID) -> None:
    """Whoever is asked about goes to the end of those who wait, whatever comes of it: nobody keeps others waiting."""
    waiting = sa.and_(Subscription.user_id == user_id, Subscription.status.in_([*RUNNING, "incomplete"]))
    with transaction():
        write(sa.update(Subscription).where(waiting).values(updated_at=now()))
