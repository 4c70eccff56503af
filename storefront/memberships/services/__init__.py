"""Writes of memberships: ``plans`` by staff, ``joining`` and leaving, ``following`` what the provider says."""

from storefront.memberships.services.following import follow, reconcile_memberships
from storefront.memberships.services.joining import join, payment_page, resume, stop_at_period_end, withdraw
from storefront.memberships.services.plans import PlanEdit, create_plan, publish_plan, update_plan

__all__ = [
    "PlanEdit",
    "create_plan",
    "follow",
    "join",
    "payment_page",
    "publish_plan",
    "reconcile_memberships",
    "resume",
    "stop_at_period_end",
    "update_plan",
    "withdraw",
]
