"""Another card, or another plan, for a membership that goes on; and cards that may go because they pay none.

The provider is asked with no transaction open; what it says is followed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from storefront.core.clock import now
from storefront.core.db import release
from storefront.memberships.errors import CardPaysMembership, NoMembership, PriceSeenOtherwise
from storefront.memberships.queries import Membership, membership_of
from storefront.memberships.services.following import follow
from storefront.memberships.services.quoting import COUNTS_FOR, changeable, quote_change
from storefront.payments import saved_cards
from storefront.payments.saved_cards import card_reference, customer_of
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.providers.stripe_subscriptions import stripe_subscriptions

log = structlog.get_logger(__name__)


def paying_card(user_id: uuid.UUID) -> uuid.UUID | None:
    """The kept card that pays this person's membership; None where none does. Raises ``PaymentProviderFailure``."""
    customer = customer_of(user_id)
    if customer is None:
        return None
    release()
    reference = stripe_subscriptions().paying_card(customer)
    return saved_cards.kept_as(user_id, reference) if reference else None


def change_card(user_id: uuid.UUID, card_id: uuid.UUID) -> None:
    """Have another kept card pay what falls due from now on.

    Raises :class:`NoMembership`, NotFound for a card that is not theirs, and ``PaymentProviderFailure``.
    """
    _membership(user_id)
    card, customer = card_reference(user_id, card_id), customer_of(user_id)
    assert customer is not None, "a kept card has a customer"
    release()
    stripe_subscriptions().pay_by(customer, card)


@dataclass(frozen=True, slots=True)
class SeenQuote:
    """What the page said of a change: the price, by the provider's name for it, what is due now, and as of when."""

    price_id: str
    due: Decimal
    at: datetime


def change_plan(user_id: uuid.UUID, plan_id: uuid.UUID, seen: SeenQuote) -> tuple[Decimal, str] | None:
    """Have another plan from now on, at what was seen; returns what was charged, with its currency, where it is known.

    Of the same interval, what is left of the period is charged at once, or counted for what falls due next; another
    interval begins a new period, of which the rest of the former one is paid. Where the card does not pay, nothing is
    changed. Raises :class:`NoMembership`, :class:`MembershipEnds`, :class:`PlanNotOffered`,
    :class:`PriceSeenOtherwise`, also for a quote that is too old, and ``PaymentProviderFailure``.
    """
    _membership, reference, plan, price_id = changeable(user_id, plan_id)
    if price_id != seen.price_id or not now() - COUNTS_FOR <= seen.at <= now():
        raise PriceSeenOtherwise(plan_id)
    quote = quote_change(user_id, plan_id, seen.at)
    if quote.due != seen.due:
        raise PriceSeenOtherwise(plan_id)
    release()
    charged = stripe_subscriptions().change_price(reference, price_id, plan=str(plan.id), at=quote.at)
    try:
        follow(user_id)
    except PaymentProviderFailure as problem:
        # It is changed and may be charged: to say that it failed would be wrong. The provider's own word comes yet.
        log.warning("changed_plan_not_followed", reason=str(problem))
    return charged


def remove_card(user_id: uuid.UUID, card_id: uuid.UUID) -> None:
    """Let a card go that pays no membership. One that ends with its period needs no card any more.

    Raises :class:`CardPaysMembership`, NotFound for a card that is not theirs, and ``PaymentProviderFailure``.
    """
    card_reference(user_id, card_id)
    membership, customer = membership_of(user_id), customer_of(user_id)
    if membership is not None and not membership.ends_with_period and customer is not None:
        release()
        paying = stripe_subscriptions().paying_card(customer)
        if paying in saved_cards.same_cards(user_id, card_id):
            raise CardPaysMembership(membership.plan_name)
    saved_cards.remove_card(user_id, card_id)


def _membership(user_id: uuid.UUID) -> Membership:
    membership = membership_of(user_id)
    if membership is None or membership.reference is None:
        raise NoMembership
    return membership
