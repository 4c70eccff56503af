"""Writes of memberships: ``plans`` by staff, ``joining`` and leaving, ``changing``, ``following`` the provider."""

from storefront.memberships.services.changing import change_card, change_plan, paying_card, remove_card
from storefront.memberships.services.following import follow, reconcile_memberships
from storefront.memberships.services.joining import join, payment_page, resume, stop_at_period_end, withdraw
from storefront.memberships.services.plans import PlanEdit, create_plan, publish_plan, update_plan

__all__ = [
    "PlanEdit",
    "change_card",
    "change_plan",
    "create_plan",
    "follow",
    "join",
    "paying_card",
    "payment_page",
    "publish_plan",
    "reconcile_memberships",
    "remove_card",
    "resume",
    "stop_at_period_end",
    "update_plan",
    "withdraw",
]
