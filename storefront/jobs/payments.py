"""Payments: what providers told us, what has to go back, and what nobody told us of.

Apart from the common drain: a provider that is slow holds up no mail.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.mail import compose, deliver, mail_url, order_url
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import drain_kind, handles
from storefront.jobs.upkeep import run
from storefront.memberships import services as memberships
from storefront.orders import services as orders
from storefront.orders.giving_back import ALARM, MAIL
from storefront.orders.queries import order_for_mail
from storefront.orders.refund_settling import WENT_BACK
from storefront.payments import saved_cards
from storefront.payments.events import KIND as EVENT
from storefront.payments.queries import refund_row, stored_event
from storefront.payments.refusals import refusals_of_payment
from storefront.payments.saved_cards import FORGET_CUSTOMER
from storefront.payments.services import BESIDE, DROP, KEEP_CARDS, LET_GO, RELEASE
from storefront.promotions.services import draw_code
from storefront.returns.services import follow_difference


@celery.task(name="storefront.jobs.payments.drain_payments")
def drain_payments() -> int:
    """Work on news and on what has to go back; returns how many entries were done."""
    kinds = (EVENT, BESIDE, WENT_BACK, LET_GO, RELEASE, DROP, KEEP_CARDS, FORGET_CUSTOMER)
    return sum(map(drain_kind, kinds))


@celery.task(name="storefront.jobs.payments.reconcile")
def reconcile() -> dict[str, int]:
    """Ask about everything undecided."""
    return run("reconcile_payments", orders.reconcile_payments)


@handles(EVENT, apart=True)
def event(event_id: str) -> None:
    """Something a provider told us: of an order's payment, of somebody's cards, or of their membership."""
    key = uuid.UUID(event_id)
    told = stored_event(key)
    user_id = saved_cards.user_of(told.customer_id) if told.customer_id else None
    if user_id is not None and told.kind.startswith("payment_method."):
        saved_cards.read_cards(user_id)
    if user_id is not None and told.kind.startswith(("customer.subscription.", "invoice.")):
        memberships.follow(user_id)
    orders.process_event(key)


@handles(WENT_BACK, apart=True)
def went_back(order_id: str) -> None:
    """All goods of an order were given back, and their money may have arrived: it may be over."""
    orders.end_what_went_back(uuid.UUID(order_id))


@handles(LET_GO, apart=True)
def let_go(order_id: str) -> None:
    """An order that is not wanted: nothing of its money stays."""
    orders.let_go(uuid.UUID(order_id))


@handles(RELEASE, apart=True)
def release(payment_id: str, order_id: str) -> None:
    """A promise of which no more is wanted: the rest of it is let go of."""
    orders.release_rest(uuid.UUID(payment_id), uuid.UUID(order_id))


@handles(BESIDE, apart=True)
def beside(payment_id: str) -> None:
    """News of the payment of what an exchange costs on top."""
    follow_difference(uuid.UUID(payment_id))


@handles(DROP, apart=True)
def drop(payment_id: str, reason: str = "not wanted any more") -> None:
    """One payment of an order that goes on: nothing of it stays. Older entries name no ``reason``."""
    orders.drop(uuid.UUID(payment_id), reason)


@handles(KEEP_CARDS, apart=True)
def keep_cards(user_id: str) -> None:
    """A card has paid that its owner wants to keep."""
    saved_cards.read_cards(uuid.UUID(user_id))


@handles(FORGET_CUSTOMER, apart=True)
def forget_customer(reference: str) -> None:
    """An account is gone: the provider forgets its cards, too."""
    saved_cards.forget_customer(reference)


@handles(ALARM)
def giving_back_stopped(payment_id: str) -> None:
    """Tells the shop's own mailbox that somebody has to decide; not where somebody has meanwhile."""
    found = refusals_of_payment(uuid.UUID(payment_id))
    if found is None or not found.is_over:
        return
    order = order_for_mail(found.order_id)
    subject = _("Order %(number)s: money could not be given back", number=order.number)
    link = mail_url("admin.order", number=order.number)
    to = current_settings().shop_email
    deliver(compose("giving_back_stopped", to=to, subject=subject, order=order, found=found, link=link))


@handles(MAIL)
def given_back_otherwise(refund_id: str) -> None:
    """What their bank would not take back has come another way. A new gift card's code is drawn now."""
    refund = refund_row(uuid.UUID(refund_id))
    order = order_for_mail(refund.order_id)
    if not order.email:
        return
    code = draw_code(refund.gift_card_id, refund.id) if refund.gift_card_id else None
    with in_language(order.language):
        subject = _("Money back for your order %(number)s", number=order.number)
    link = order_url(order.number, is_guest=order.user_id is None)
    deliver(
        compose(
            "given_back_otherwise",
            to=order.email,
            subject=subject,
            language=order.language,
            order=order,
            refund=refund,
            code=code,
            link=link,
        )
    )


@handles("mail.payment_returned")
def payment_returned(order_id: str, amount: str = "", currency: str = "") -> None:
    """Tells somebody whose payment came too late, or was another one, that it goes back: ``amount`` of ``currency``.

    Entries from before amounts were named are about what the order was to cost.
    """
    order = order_for_mail(uuid.UUID(order_id))
    if not order.email:
        return
    paid = Decimal(amount) if amount else order.to_pay
    with in_language(order.language):
        subject = _("Your payment goes back")
    deliver(
        compose(
            "payment_returned",
            to=order.email,
            subject=subject,
            language=order.language,
            order=order,
            paid=paid,
            currency=currency or order.currency,
        )
    )
