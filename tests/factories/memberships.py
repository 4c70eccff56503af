"""What memberships need: a plan that the provider knows, people with a kept card, members."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storefront.core.db import release
from storefront.core.identity import Identity
from storefront.memberships.services import PlanEdit, create_plan, join, publish_plan
from storefront.payments import saved_cards
from tests.factories.accounts import make_staff
from tests.factories.buying import make_shopper
from tests.stripe_server import VISA, StripeServer


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody with a kept card."""

    identity: Identity
    user_id: uuid.UUID
    card_id: uuid.UUID


def plan_edit(**values: Any) -> PlanEdit:
    """Friends: 5.00 a month, free shipping from 20.00 on, more messages."""
    fields: dict[str, Any] = {
        "name": "Friends",
        "description": "Closer.",
        "price": Decimal("5.00"),
        "interval": "month",
        "free_shipping_over": Decimal("20.00"),
        "has_larger_chat_budget": True,
    }
    return PlanEdit(**fields | values)


def make_plan(**values: Any) -> uuid.UUID:
    """A plan that can be had."""
    plan_id = create_plan(make_staff().id, plan_edit(**values))
    publish_plan(plan_id)
    release()
    return plan_id


def make_payer(stripe: StripeServer, card: str = VISA) -> Payer:
    """Somebody with an account and one kept card."""
    identity = make_shopper()
    assert identity.user_id
    keep_card(stripe, identity.user_id, card)
    (kept,) = saved_cards.kept_cards(identity.user_id)
    release()
    return Payer(identity, identity.user_id, kept.id)


def keep_card(stripe: StripeServer, user_id: uuid.UUID, card: str = VISA) -> None:
    """Have a card of the person's be kept."""
    release()
    stripe.add_card(saved_cards.introduce(user_id, "ida@example.com"), card)
    saved_cards.read_cards(user_id)
    release()


def make_member(stripe: StripeServer, plan_id: uuid.UUID) -> tuple[Payer, str]:
    """Somebody who has joined, and what the provider calls that."""
    payer = make_payer(stripe)
    joined = join(payer.user_id, plan_id, payer.card_id)
    assert joined.reference
    release()
    return payer, joined.reference
