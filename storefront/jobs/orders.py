"""Letters about orders, itemised, with the way to the order's page."""

from __future__ import annotations

import uuid
from typing import Any

from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.mail import compose, deliver, mail_url
from storefront.http.order_words import parcel_words, words_for
from storefront.jobs.outbox import handles
from storefront.orders.queries import OrderPage, order_for_mail, order_of_parcel
from storefront.payments.captures import charged_for


@handles("mail.order_placed")
def order_placed(order_id: str) -> None:
    """The confirmation."""
    order = order_for_mail(uuid.UUID(order_id))
    with in_language(order.language):
        subject = _("Your order %(number)s", number=order.number)
    _write("order_placed", order, subject)


@handles("mail.order_cancelled")
def order_cancelled(order_id: str) -> None:
    """Tells the shopper that nothing comes and nothing is to be paid."""
    order = order_for_mail(uuid.UUID(order_id))
    with in_language(order.language):
        subject = _("Your order %(number)s was cancelled", number=order.number)
    _write("order_cancelled", order, subject)


@handles("mail.order_changed")
def order_changed(order_id: str) -> None:
    """The order as it is now."""
    order = order_for_mail(uuid.UUID(order_id))
    with in_language(order.language):
        subject = _("Your order %(number)s was changed", number=order.number)
    _write("order_changed", order, subject)


@handles("mail.parcel_shipped")
def parcel_shipped(shipment_id: str) -> None:
    """Tells the shopper what is on its way, how to follow it, and what their card was charged for it."""
    order, parcel = order_of_parcel(uuid.UUID(shipment_id))
    charged = charged_for(order.id, uuid.UUID(shipment_id))
    with in_language(order.language):
        subject = _("A parcel of your order %(number)s is on its way", number=order.number)
        held = parcel_words(order, parcel)
    _write("parcel_shipped", order, subject, parcel=parcel, held=held, charged=charged)


def _write(template: str, order: OrderPage, subject: str, **context: Any) -> None:
    """An erased person's order has no address any more: then there is nobody to write to."""
    if not order.email:
        return
    with in_language(order.language):
        words = words_for(order)
        # Guests come in by number and e-mail; the link alone opens nothing.
        link = (
            mail_url("checkout.order", number=order.number)
            if order.user_id
            else mail_url("checkout.lookup", number=order.number)
        )
    deliver(
        compose(
            template,
            to=order.email,
            subject=subject,
            language=order.language,
            order=order,
            words=words,
            link=link,
            **context,
        )
    )
