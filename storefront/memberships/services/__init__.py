"""Writes of memberships: ``plans`` by staff, ``joining`` and leaving, ``changing`` by what ``quoting`` says.

What the provider says is true: ``following`` writes it down.
"""

from storefront.memberships.services.changing import (
    SeenQuote,
    change_card,
    change_plan,
    paying_card,
    remove_card,
)
from storefront.memberships.services.following import follow, reconcile_memberships
from storefront.memberships.services.joining import join, payment_page, resume, stop_at_period_end, withdraw
from storefront.memberships.services.plans import PlanEdit, create_plan, publish_plan, update_plan
from storefront.memberships.services.quoting import ChangeQuote, quote_change

__all__ = [
    "ChangeQuote",
    "PlanEdit",
    "SeenQuote",
    "change_card",
    "change_plan",
    "create_plan",
    "follow",
    "join",
    "paying_card",
    "payment_page",
    "publish_plan",
    "quote_change",
    "reconcile_memberships",
    "remove_card",
    "resume",
    "stop_at_period_end",
    "update_plan",
    "withdraw",
]
