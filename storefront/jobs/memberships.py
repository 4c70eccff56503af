"""Memberships: what nobody told us of, and the letters about them."""

from __future__ import annotations

import uuid

from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.mail import compose, deliver, mail_url
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import handles
from storefront.jobs.upkeep import run
from storefront.memberships.queries import membership_letter
from storefront.memberships.services import reconcile_memberships


@celery.task(name="storefront.jobs.memberships.reconcile")
def reconcile() -> dict[str, int]:
    """Ask about everything overdue."""
    return run("reconcile_memberships", reconcile_memberships)


@handles("mail.membership")
def membership(subscription_id: str, what: str) -> None:
    """It has begun, could not be paid, or has ended."""
    told = membership_letter(uuid.UUID(subscription_id))
    if told is None:
        return
    with in_language(told.language):
        subject = {
            "begun": _("Welcome: your membership “%(plan)s”", plan=told.plan_name),
            "unpaid": _("Your membership “%(plan)s” could not be paid", plan=told.plan_name),
            "ended": _("Your membership “%(plan)s” has ended", plan=told.plan_name),
        }[what]
    deliver(
        compose(
            "membership",
            to=told.email,
            subject=subject,
            language=told.language,
            told=told,
            what=what,
            link=mail_url("account.membership"),
        )
    )
