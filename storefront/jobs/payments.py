"""Payments: what providers told us, what has to go back, and what nobody told us of.

Apart from the common drain: a provider that is slow holds up no mail.
"""

from __future__ import annotations

import uuid

from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.mail import compose, deliver
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import drain_kind, handles
from storefront.jobs.upkeep import run
from storefront.orders import services as orders
from storefront.orders.queries import order_for_mail
from storefront.payments.events import KIND as EVENT
from storefront.payments.services import DROP, LET_GO, RELEASE


@celery.task(name="storefront.jobs.payments.drain_payments")
def drain_payments() -> int:
    """Work on news and on what has to go back; returns how many entries were done."""
    return drain_kind(EVENT) + drain_kind(LET_GO) + drain_kind(RELEASE) + drain_kind(DROP)


@celery.task(name="storefront.jobs.payments.reconcile")
def reconcile() -> dict[str, int]:
    """Ask about everything undecided."""
    return run("reconcile_payments", orders.reconcile_payments)


@handles(EVENT, apart=True)
def event(event_id: str) -> None:
    """Something a provider told us."""
    orders.process_event(uuid.UUID(event_id))


@handles(LET_GO, apart=True)
def let_go(order_id: str) -> None:
    """An order that is not wanted: nothing of its money stays."""
    orders.let_go(uuid.UUID(order_id))


@handles(RELEASE, apart=True)
def release(payment_id: str, order_id: str) -> None:
    """A promise of which no more is wanted: the rest of it is let go of."""
    orders.release_rest(uuid.UUID(payment_id), uuid.UUID(order_id))


@handles(DROP, apart=True)
def drop(payment_id: str) -> None:
    """One payment of an order that goes on: nothing of it stays."""
    orders.drop(uuid.UUID(payment_id))


@handles("mail.payment_returned")
def payment_returned(order_id: str) -> None:
    """Tells somebody whose payment came too late that it goes back."""
    order = order_for_mail(uuid.UUID(order_id))
    if not order.email:
        return
    with in_language(order.language):
        subject = _("Your payment goes back")
    deliver(
        compose(
            "payment_returned",
            to=order.email,
            subject=subject,
            language=order.language,
            order=order,
        )
    )
