"""Letters that people asked for: in stock again, the cart they left. Each can be stopped with one click (RFC 8058)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from storefront.accounts import queries as accounts
from storefront.cart.queries import cart_view
from storefront.core.identity import Identity
from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.mail import compose, deliver, mail_url
from storefront.http.signed_links import sign_link
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import handles
from storefront.jobs.upkeep import run
from storefront.reminders import queries, services
from storefront.reminders.queries import AlertView


@celery.task(name="storefront.jobs.reminders.remind_of_carts")
def remind_of_carts() -> dict[str, int]:
    """Look for carts that were left."""
    return run("remind_of_carts", lambda: {"carts": services.remind_of_carts()})


@handles(services.ARRIVED)
def stock_arrived(product_id: str) -> None:
    """Something that somebody waits for can be bought again."""
    services.stock_arrived(uuid.UUID(product_id))


@handles("mail.confirm_alert")
def confirm_alert(alert_id: str) -> None:
    """Asks the owner of an address whether they want to be told."""
    alert = queries.alert(uuid.UUID(alert_id))
    if alert is None or alert.status != "unconfirmed":
        return
    with in_language(alert.language):
        subject = _("Shall we tell you when “%(name)s” is back?", name=alert.name)
    link = mail_url("reminders.confirm", token=sign_link("confirm_alert", alert.id))
    _write("confirm_alert", alert, subject, link=link)


@handles("mail.stock_alert")
def stock_alert(alert_id: str) -> None:
    """It is back."""
    key = uuid.UUID(alert_id)
    alert = queries.alert(key)
    if alert is None or not alert.email or not services.take_alert(key):
        return
    with in_language(alert.language):
        subject = _("“%(name)s” is in stock again", name=alert.name)
    link = mail_url("catalog.product", slug=alert.slug, variant=alert.sku)
    _write("stock_alert", alert, subject, link=link)


def _write(template: str, alert: AlertView, subject: str, **context: Any) -> None:
    stop = mail_url("reminders.unsubscribe", kind="alert", token=sign_link("stop_alert", alert.id))
    letter = compose(
        template,
        to=alert.email,
        subject=subject,
        language=alert.language,
        alert=alert,
        stop_link=stop,
        **context,
    )
    deliver(replace(letter, headers=_stoppable(stop)))


@handles("mail.cart_reminder")
def cart_reminder(cart_id: str) -> None:
    """Reminds somebody who asked for it of the cart they left, if that still stands when the letter is written."""
    user_id = services.take_reminder(uuid.UUID(cart_id))
    recipient = accounts.recipient(user_id) if user_id else None
    if user_id is None or recipient is None:
        return
    with in_language(recipient.language):
        subject = _("Your cart is still here")
    stop = mail_url("reminders.unsubscribe", kind="cart", token=sign_link("stop_cart_reminder", user_id))
    letter = compose(
        "cart_reminder",
        to=recipient.email,
        subject=subject,
        language=recipient.language,
        first_name=recipient.first_name,
        cart=cart_view(Identity(user_id)),
        link=mail_url("reminders.restore", token=sign_link("open_cart", uuid.UUID(cart_id))),
        stop_link=stop,
    )
    deliver(replace(letter, headers=_stoppable(stop)))


def _stoppable(link: str) -> dict[str, str]:
    """What lets a mail program offer "unsubscribe" beside the sender (RFC 2369, RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
