"""Issuing what is due for an order: the one place that decides, whoever brings the news.

An order says that something happened to its money by an outbox entry; here everything is read again under the order's
lock, and what is missing is issued. So it may be called twice, late, or for nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings
from storefront.invoicing.content import Content, RateSum
from storefront.invoicing.drawing_up import credit_note_of, invoice_of
from storefront.invoicing.models import Invoice, InvoiceTax
from storefront.invoicing.queries import PAID, Issued, issued_for
from storefront.invoicing.reading import InvoicedOrder, invoiced_order, never_charged, refunds_done
from storefront.orders.selling import NOT_SOLD
from storefront.payments.cards import CARDS


def issue_what_is_due(order_id: uuid.UUID) -> list[str]:
    """Issue the invoice and the credit notes that this order lacks; returns their numbers.

    The invoice is due when the order counts: at once where it is paid later by it (on invoice, on delivery) or was paid
    by a gift card, and with the money where a card is charged. A credit note is due for each refund that has succeeded,
    for what was never charged, and for all that is left when the order is cancelled. Safe to repeat.
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
            made += _issue_credit_notes(order, issued)
    return made


def _is_due(order: InvoicedOrder) -> bool:
    if order.status in NOT_SOLD:
        return False
    return order.payment_method != CARDS.code or order.payment_status in PAID


def _issue_credit_notes(order: InvoicedOrder, issued: Sequence[Issued]) -> list[str]:
    invoice, notes = issued[0], list(issued[1:])
    left = invoice.gross - sum((note.gross for note in notes), Decimal(0))
    wanted: list[tuple[str, uuid.UUID | None, Decimal, str]] = []
    if order.status == "cancelled":
        if left and not any(note.cause == "cancellation" for note in notes):
            wanted.append(("cancellation", None, left, ""))
    else:
        # A refund that failed after it had succeeded was credited; the one that is tried instead is not, again.
        refunds = refunds_done(order.id)
        owed = sum((one.amount for one in refunds), Decimal(0)) - sum(
            (note.gross for note in notes if note.cause == "refund"), Decimal(0)
        )
        for refund in refunds:
            amount = min(refund.amount, owed)
            if amount > 0 and not any(note.refund_id == refund.id for note in notes):
                wanted.append(("refund", refund.id, amount, refund.reason))
                owed -= amount
        rest = never_charged(order.id)
        if rest and not any(note.cause == "not_charged" for note in notes):
            wanted.append(("not_charged", None, rest, ""))
    return _write_notes(order, invoice, [rate for note in notes for rate in note.content.rates], wanted)


def _write_notes(
    order: InvoicedOrder,
    invoice: Issued,
    earlier: list[RateSum],
    wanted: Sequence[tuple[str, uuid.UUID | None, Decimal, str]],
) -> list[str]:
    made = []
    for cause, refund_id, amount, reason in wanted:
        content = credit_note_of(
            invoice.content, invoice.number, invoice.issued_on.isoformat(), earlier, amount, reason=reason
        )
        if content is None:
            break
        made.append(_issue(order, content, cause, corrects=invoice.id, refund_id=refund_id))
        _announce(order.id, made[-1])
        earlier = [*earlier, *content.rates]
    return made


def _issue(
    order: InvoicedOrder,
    content: Content,
    cause: str,
    *,
    corrects: uuid.UUID | None = None,
    refund_id: uuid.UUID | None = None,
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
            refund_id=refund_id,
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
