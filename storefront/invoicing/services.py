"""Issuing what is due for an order: the one place that decides, whoever brings the news.

An order says that something happened to its money by an outbox entry; here everything is read again under the order's
lock, and what is missing is issued. So it may be called twice, late, or for nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings
from storefront.invoicing.content import Content, RateSum
from storefront.invoicing.drawing_up import credit_note_of, invoice_of
from storefront.invoicing.due import CreditDue, credit_due, given_back
from storefront.invoicing.models import Invoice, InvoiceTax
from storefront.invoicing.queries import PAID, Issued, issued_for
from storefront.invoicing.reading import InvoicedOrder, invoiced_order
from storefront.orders.selling import NOT_SOLD
from storefront.payments.cards import CARDS


def issue_what_is_due(order_id: uuid.UUID) -> list[str]:
    """Issue the invoice and the credit notes that this order lacks; returns their numbers.

    The invoice is due when the order counts: at once where it is paid later by it (on invoice, on delivery) or was paid
    by a gift card, and with the money where a card is charged. A credit note is due for each refund that has succeeded,
    over its lines, for what was never charged, and for all that is left when the order is cancelled. Safe to repeat.
    """
    with transaction():
        order = invoiced_order(order_id)
        if order is None:
            return []
        made: list[str] = []
        issued = issued_for(order_id)
        if not issued and _is_due(order):
            made.append(_issue(order, invoice_of(order), "order"))
            if order.was_paid_later:  # otherwise the confirmation brings it
                _announce(order_id, made[-1])
            issued = issued_for(order_id)
        if issued:
            made += _issue_credit_notes(order, issued[0], issued[1:])
    return made


def _is_due(order: InvoicedOrder) -> bool:
    if order.status in NOT_SOLD:
        return False
    return order.payment_method != CARDS.code or order.payment_status in PAID


def _issue_credit_notes(order: InvoicedOrder, invoice: Issued, notes: Sequence[Issued]) -> list[str]:
    made = []
    earlier = [rate for note in notes for rate in note.content.rates]
    for due in credit_due(order, invoice, notes):
        content = _credit_note(order, invoice, earlier, due)
        if content is None:
            break
        made.append(_issue(order, content, due.cause, corrects=invoice.id, due=due))
        if due.order_refund_id is None:  # otherwise the refund's letter brings it
            _announce(order.id, made[-1])
        earlier = [*earlier, *content.rates]
    return made


def _credit_note(
    order: InvoicedOrder, invoice: Issued, earlier: Sequence[RateSum], due: CreditDue
) -> Content | None:
    refund = due.refund
    parts = given_back(order, refund) if refund is not None else []
    content = credit_note_of(
        invoice.content,
        invoice.number,
        invoice.issued_on.isoformat(),
        earlier,
        due.amount,
        lines=[part for part, _ in parts],
        shown=[line for _, line in parts],
        reason=refund.reason if refund is not None else "",
    )
    if content is None or refund is None or content.gross != refund.amount:
        return content
    return replace(content, waived=refund.waived, to_gift_card=refund.to_gift_card)


def _issue(
    order: InvoicedOrder,
    content: Content,
    cause: str,
    *,
    corrects: uuid.UUID | None = None,
    due: CreditDue | None = None,
) -> str:
    """Write the document down; the trigger draws its number, which waits for nobody but other documents."""
    settings, invoice_id = current_settings(), new_id()
    number = session().scalar(
        sa.insert(Invoice)
        .values(
            id=invoice_id,
            kind="credit_note" if corrects else "invoice",
            prefix=settings.credit_note_prefix if corrects else settings.invoice_prefix,
            issued_on=now().date(),
            order_id=order.id,
            corrects_id=corrects,
            cause=cause,
            refund_id=due.refund_id if due else None,
            order_refund_id=due.order_refund_id if due else None,
            country=order.country,
            region=order.region,
            treatment=content.treatment,
            vat_number=content.vat_number or None,
            currency=content.currency,
            net=content.net,
            tax=content.tax,
            gross=content.gross,
            content=content.stored(),
        )
        .returning(Invoice.document_number)
    )
    session().execute(
        sa.insert(InvoiceTax),
        [
            {"invoice_id": invoice_id, "rate": one.rate, "net": one.net, "tax": one.tax, "gross": one.gross}
            for one in content.rates
        ],
    )
    return str(number)


def _announce(order_id: uuid.UUID, number: str) -> None:
    enqueue("mail.invoice_issued", order_id=str(order_id), number=number)
