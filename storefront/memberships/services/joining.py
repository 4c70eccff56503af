"""Joining, leaving, staying after all. The provider is asked with no transaction open; what it says is followed."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.models import Subscription
from storefront.core.db import release, session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.ids import new_id
from storefront.memberships.errors import (
    AlreadyMember,
    JoiningAlready,
    NoCardPays,
    NoMembership,
    PlanNotOffered,
)
from storefront.memberships.queries import Membership, Plan, membership_of
from storefront.memberships.queries import plan as plan_by_id
from storefront.memberships.services.changing import paying_card
from storefront.memberships.services.following import follow
from storefront.payments.saved_cards import card_reference, customer_of, lock_customer
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.providers.stripe_subscriptions import stripe_subscriptions


def join(user_id: uuid.UUID, plan_id: uuid.UUID, card_id: uuid.UUID) -> Membership:
    """Begin a membership that a kept card pays from now on; returns it. ``incomplete`` waits for the bank's word.

    Two clicks are one: the second is refused with :class:`JoiningAlready`, or :class:`AlreadyMember` once it is there.
    Raises :class:`PlanNotOffered`, NotFound for a card that is not theirs, and ``PaymentProviderFailure``.
    """
    plan, card = plan_by_id(plan_id), card_reference(user_id, card_id)
    if not plan.is_active or plan.price_id is None:
        raise PlanNotOffered(plan_id)
    follow(user_id)  # what was begun and nobody heard of
    customer = customer_of(user_id)
    assert customer is not None, "a kept card has a customer"
    attempt = _begin(user_id, plan)
    release()
    try:
        stripe_subscriptions().subscribe(customer, plan.price_id, card, attempt=str(attempt))
    except PaymentProviderFailure as failure:
        if not failure.is_undecided:
            _forget(attempt)
        raise
    follow(user_id)
    membership = membership_of(user_id)
    if membership is None:
        raise NoMembership
    return membership


def stop_at_period_end(user_id: uuid.UUID) -> None:
    """End the membership with what is paid. Raises :class:`NoMembership` and ``PaymentProviderFailure``."""
    _end_with_period(user_id, ends=True)


def resume(user_id: uuid.UUID) -> None:
    """Go on after all. Raises :class:`NoMembership`, :class:`NoCardPays` and ``PaymentProviderFailure``."""
    membership = membership_of(user_id)
    if membership is None:
        raise NoMembership
    if paying_card(user_id) is None:
        raise NoCardPays(membership.plan_name)
    _end_with_period(user_id, ends=False)


def payment_page(user_id: uuid.UUID) -> str:
    """The provider's page on which what is owed can be paid, with their bank's questions; empty where nothing is owed.

    Raises :class:`NoMembership` and ``PaymentProviderFailure``.
    """
    reference = _reference(user_id)
    release()
    return stripe_subscriptions().payment_page(reference)


def withdraw(user_id: uuid.UUID) -> None:
    """Give up a membership that has not begun. Raises :class:`NoMembership` and ``PaymentProviderFailure``."""
    membership = membership_of(user_id)
    if membership is None or membership.status != "incomplete" or membership.reference is None:
        raise NoMembership
    release()
    stripe_subscriptions().end(membership.reference)
    follow(user_id)


def _end_with_period(user_id: uuid.UUID, *, ends: bool) -> None:
    membership = membership_of(user_id)
    if membership is None or not membership.is_running or membership.reference is None:
        raise NoMembership
    release()
    stripe_subscriptions().end_with_period(membership.reference, ends=ends)
    follow(user_id)


def _reference(user_id: uuid.UUID) -> str:
    membership = membership_of(user_id)
    if membership is None or membership.reference is None:
        raise NoMembership
    return membership.reference


def _refuse_members(user_id: uuid.UUID) -> None:
    membership = membership_of(user_id)
    if membership is None:
        return
    if membership.is_running or membership.reference is not None:
        raise AlreadyMember(membership.plan_name)
    raise JoiningAlready


def _begin(user_id: uuid.UUID, plan: Plan) -> uuid.UUID:
    with transaction():
        # News of a membership is written under this lock: what is read here still holds when the attempt is written.
        if not lock_customer(user_id):
            raise NotFound("user")  # deleted meanwhile
        _refuse_members(user_id)
        attempt: uuid.UUID | None = session().scalar(
            insert(Subscription)
            .values(
                id=new_id(),
                user_id=user_id,
                plan_id=plan.id,
                plan_name=plan.name,
                price_id=plan.price_id,
                status="incomplete",
            )
            .on_conflict_do_nothing()
            .returning(Subscription.id)
        )
    if attempt is None:
        raise JoiningAlready
    return attempt


def _forget(attempt: uuid.UUID) -> None:
    with transaction():
        write(sa.delete(Subscription).where(Subscription.id == attempt))
