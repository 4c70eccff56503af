"""What a change of plan costs now, counts for the unused time, and when it falls due next: before anybody says yes.

Stripe is asked for the invoice that the change would make, as of a moment that the change itself names again, so that
both come to the same (https://docs.stripe.com/billing/subscriptions/prorations). Where it makes no preview, the same is
counted here, by the second as Stripe does, and called an estimate.
"""

from __future__ import annotations

import calendar
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from storefront.core.clock import now
from storefront.core.db import release
from storefront.core.money import ZERO, round_money
from storefront.memberships.errors import MembershipEnds, NoMembership, PlanNotOffered
from storefront.memberships.queries import Membership, Plan, membership_of
from storefront.memberships.queries import plan as plan_by_id
from storefront.providers.payment_provider import ChangePreview, PaymentProviderFailure
from storefront.providers.stripe_subscriptions import stripe_subscriptions

COUNTS_FOR = timedelta(minutes=30)
"""So long a quote may be taken up: what is unused has hardly become less since."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChangeQuote:
    """What a change to ``plan`` comes to, counted as of ``at``. Amounts are in the plan's currency.

    ``price`` is for the time that begins with it, ``credit`` for what is unused of the time that was paid. Of their
    difference, ``balance`` is paid by credit from before and ``due`` by the card, now; ``left`` counts for the next
    payments. The next one falls due ``next_at``. ``price_id`` is what the provider calls the price.
    """

    plan: Plan
    price_id: str
    at: datetime
    price: Decimal
    credit: Decimal
    balance: Decimal
    due: Decimal
    next_at: datetime | None
    begins_anew: bool
    is_estimate: bool = False

    @property
    def left(self) -> Decimal:
        """What of the credit is not used up."""
        return max(ZERO, self.credit - self.price)


def quote_change(user_id: uuid.UUID, plan_id: uuid.UUID, at: datetime | None = None) -> ChangeQuote:
    """What a change to another plan comes to, now or as of ``at``.

    No transaction may be open. Raises :class:`NoMembership`, :class:`MembershipEnds`, :class:`PlanNotOffered` and
    ``PaymentProviderFailure``.
    """
    membership, reference, plan, price_id = changeable(user_id, plan_id)
    moment = (at or now()).replace(microsecond=0)
    release()
    account = stripe_subscriptions()
    try:
        preview = account.preview_change(reference, price_id, at=moment)
        is_estimate = False
    except PaymentProviderFailure as failure:
        if failure.is_undecided:
            raise
        log.warning("change_of_plan_estimated", reason=str(failure))
        preview = estimate(membership, account.price_of(reference), plan, moment)
        is_estimate = True
    begins_anew = plan.interval != membership.interval
    return ChangeQuote(
        plan,
        price_id,
        moment,
        preview.price,
        preview.credit,
        balance=max(ZERO, preview.price - preview.credit - preview.due),
        due=preview.due,
        next_at=next_payment(moment, plan.interval) if begins_anew else membership.period_end,
        begins_anew=begins_anew,
        is_estimate=is_estimate,
    )


def changeable(user_id: uuid.UUID, plan_id: uuid.UUID) -> tuple[Membership, str, Plan, str]:
    """The person's membership with its name at the provider, and the plan with its price's. Raises as a quote does."""
    membership = membership_of(user_id)
    if membership is None or membership.reference is None:
        raise NoMembership
    plan = plan_by_id(plan_id)
    if membership.ends_with_period:
        raise MembershipEnds(membership.plan_name)
    if not membership.is_running:
        raise NoMembership
    if not plan.is_active or plan.price_id is None or plan.id == membership.plan_id:
        raise PlanNotOffered(plan_id)
    return membership, membership.reference, plan, plan.price_id


def estimate(membership: Membership, paid: Decimal, plan: Plan, at: datetime) -> ChangePreview:
    """What Stripe would count: ``paid`` was paid for the period, of which the rest is unused as of ``at``.

    Another interval begins a new period, which costs the plan's whole price; otherwise the rest of this one does.
    """
    share = _unused(membership.period_start, membership.period_end, at)
    begins_anew = plan.interval != membership.interval
    price = plan.price if begins_anew else round_money(plan.price * share)
    credit = round_money(paid * share)
    return ChangePreview(price, credit, max(ZERO, price - credit))


def _unused(start: datetime | None, end: datetime | None, at: datetime) -> Decimal:
    if start is None or end is None or not start < end:
        return ZERO
    rest = Decimal(int((end - at).total_seconds())) / Decimal(int((end - start).total_seconds()))
    return min(Decimal(1), max(ZERO, rest))


def next_payment(at: datetime, interval: str) -> datetime:
    """When a period that begins ``at`` is over: the same day of the next month or year, or the last one it has."""
    year, month = (
        (at.year + 1, at.month) if interval == "year" else (at.year + at.month // 12, at.month % 12 + 1)
    )
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
