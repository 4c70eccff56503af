"""Letters about orders, itemised, with the way to the order's page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog

from storefront.core.clock import now
from storefront.core.db import release
from storefront.core.money import ZERO
from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.formats import format_money
from storefront.http.invoice_paper import file_name, kind_name, paper_of
from storefront.http.mail import compose, deliver, order_url
from storefront.http.order_words import parcel_words, words_for
from storefront.http.paper_words import letter_words
from storefront.http.payment_letters import failed_words, received_words
from storefront.invoicing.lacking import orders_lacking_documents
from storefront.invoicing.queries import Issued, issued_document, issued_for
from storefront.invoicing.services import issue_what_is_due
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import handles
from storefront.orders.payment_letters import FAILED, RECEIVED
from storefront.orders.queries import OrderPage, order_for_mail, order_of_parcel
from storefront.payments.captures import charged_for
from storefront.payments.methods import INVOICES_DUE
from storefront.payments.queries import payments_of
from storefront.providers.mail import Attachment

log = structlog.get_logger(__name__)
_GRACE = timedelta(minutes=5)
"""Younger changes are left to the outbox."""
_BATCH = 200


@handles("mail.order_placed")
def order_placed(order_id: str) -> None:
    """The confirmation."""
    issue_what_is_due(
        uuid.UUID(order_id)
    )  # whichever of the two entries comes first, the letter has its invoice
    order = order_for_mail(uuid.UUID(order_id))
    with in_language(order.language):
        subject = _("Your order %(number)s", number=order.number)
    invoices = [one for one in issued_for(order.id) if one.kind == "invoice" and one.cause == "order"]
    _write("order_placed", order, subject, invoices)


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


@handles("mail.invoice_issued")
def invoice_issued(order_id: str, number: str, others: Sequence[str] = ()) -> None:
    """An invoice that came after the confirmation, or a credit note; with what belongs to it, in one letter."""
    order = order_for_mail(uuid.UUID(order_id))
    documents = [issued_document(order.id, one) for one in (number, *others)]
    with in_language(order.language):
        subject = _(
            "%(kind)s %(document)s for your order %(number)s",
            kind=kind_name(documents[0].kind),
            document=number,
            number=order.number,
        )
        heading, text = letter_words(documents, order.number)
    _write("invoice_issued", order, subject, documents, heading=heading, text=text)


@handles(RECEIVED)
def payment_received(order_id: str, amount: str, currency: str) -> None:
    """Money has come in after the confirmation: ``amount`` of ``currency``."""
    order = order_for_mail(uuid.UUID(order_id))
    left = sum((one.uncaptured for one in payments_of(order.id) if not one.is_for_change), ZERO)
    with in_language(order.language):
        subject = _("Your payment for the order %(number)s", number=order.number)
        received, rest = received_words(order, format_money(Decimal(amount), currency), left)
    _write("payment_received", order, subject, received=received, rest=rest)


@handles(FAILED)
def payment_failed(order_id: str) -> None:
    """Tells the shopper that their order is not paid, and how it can be; unless they have seen to it meanwhile."""
    order = order_for_mail(uuid.UUID(order_id))
    with in_language(order.language):
        subject = _("Your payment for the order %(number)s did not work", number=order.number)
        words = failed_words(order, order_url(order.number, is_guest=order.user_id is None))
    if words is not None:
        _write("payment_failed", order, subject, **asdict(words))


@handles(INVOICES_DUE)
def issue_invoices(order_id: str) -> None:
    """Something happened to the order's money."""
    issue_what_is_due(uuid.UUID(order_id))


@celery.task(name="storefront.jobs.orders.issue_missing_invoices")
def issue_missing_invoices() -> dict[str, int]:
    """Issue what the outbox should have brought and has not."""
    counts = {"documents": 0, "failed": 0}
    for order_id in orders_lacking_documents(now() - _GRACE, _BATCH):
        release()
        try:
            counts["documents"] += len(issue_what_is_due(order_id))
        except Exception:  # whatever is wrong with this one, those behind it have their papers
            log.exception("papers_not_issued", order=str(order_id))
            counts["failed"] += 1
    return counts


def _write(
    template: str, order: OrderPage, subject: str, documents: Sequence[Issued] = (), **context: Any
) -> None:
    """An erased person's order has no address any more: then there is nobody to write to."""
    if not order.email:
        return
    papers = tuple(Attachment(file_name(one), paper_of(one)) for one in documents)
    with in_language(order.language):
        words, link = words_for(order), order_url(order.number, is_guest=order.user_id is None)
    deliver(
        compose(
            template,
            to=order.email,
            subject=subject,
            language=order.language,
            order=order,
            words=words,
            link=link,
            documents=documents,
            attachments=papers,
            **context,
        )
    )
