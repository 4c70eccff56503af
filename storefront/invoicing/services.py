"""Issuing what is due for an order: the one place that decides, whoever brings the news.

An order says that something happened to its money by an outbox entry; here everything is read again under the order's
lock, and what is missing is issued. So it may be called twice, late, or for nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from storefront.core.db import transaction
from storefront.core.outbox import enqueue
from storefront.invoicing.content import Content, RateSum
from storefront.invoicing.crediting import left_of, together
from storefront.invoicing.drawing_up import credit_note_of, invoice_of, still_holds, taking_back
from storefront.invoicing.due import CreditDue, credit_due, given_back
from storefront.invoicing.exchanges import InvoicedExchange, charged_exchanges, invoice_of_exchange
from storefront.invoicing.queries import Issued, Papers, papers_of
from storefront.invoicing.reading import PAID, InvoicedOrder, invoiced_order, note_changes
from storefront.invoicing.writing import Names, write_document
from storefront.orders.selling import NOT_SOLD
from storefront.payments.cards import CARDS


def issue_what_is_due(order_id: uuid.UUID) -> list[str]:
    """Issue the invoices and the credit notes that this order lacks; returns their numbers.

    The invoice is due when the order counts: at once where it is paid later by it (on invoice, on delivery) or was paid
    by a gift card, and with the money where a card is charged. Once a change of the order has made it untrue, a credit
    note takes it back, and the next one is due by the same rule. What a dearer exchange costs on top has an invoice of
    its own. A credit note is due for each refund that has succeeded, over its lines, for what was never charged, and
    for all that is left when the order is cancelled. Safe to repeat.
    """
    with transaction():
        order = invoiced_order(order_id)
        if order is None:
            return []
        made = _follow_changes(order, papers_of(order_id))
        exchanges = charged_exchanges(order)
        made += _invoice_exchanges(order, papers_of(order_id), exchanges)
        return made + _issue_credit_notes(order, papers_of(order_id), exchanges)


def _follow_changes(order: InvoicedOrder, papers: Papers) -> list[str]:
    """The order's invoice as the order is now, and the credit note that takes back the one that was."""
    taken_back = _take_back(order, papers) if order.changes > order.changes_on_paper else []
    if order.changes != order.changes_on_paper:
        note_changes(order)
    if taken_back:
        papers = papers_of(order.id)
    issued = [] if papers.invoice or not _is_due(order) else [_issue_invoice(order, papers)]
    if taken_back:
        _announce(order.id, (issued or taken_back)[0], *(taken_back if issued else ()))
    elif issued and (papers.to_be_replaced or order.was_paid_later):  # otherwise the confirmation brings it
        _announce(order.id, issued[0])
    return taken_back + issued


def _is_due(order: InvoicedOrder) -> bool:
    if order.status in NOT_SOLD:
        return False
    return order.payment_method != CARDS.code or order.payment_status in PAID


def _take_back(order: InvoicedOrder, papers: Papers) -> list[str]:
    """A cancelled order is credited as a whole, whatever it was changed to before."""
    invoice = papers.invoice
    if invoice is None or order.status in NOT_SOLD or still_holds(invoice.content, order):
        return []
    earlier = [rate for note in papers.notes for rate in note.content.rates]
    content = taking_back(invoice.content, invoice.number, invoice.issued_on.isoformat(), earlier)
    return [write_document(order.id, content, "change", Names(corrects_id=invoice.id))]


def _issue_invoice(order: InvoicedOrder, papers: Papers) -> str:
    former = papers.to_be_replaced
    if former is None:
        return write_document(order.id, invoice_of(order), "order", Names())
    content = replace(invoice_of(order), replaces=former.number, replaces_date=former.issued_on.isoformat())
    return write_document(order.id, content, "change", Names(replaces_id=former.id))


def _invoice_exchanges(order: InvoicedOrder, papers: Papers, exchanges: list[InvoicedExchange]) -> list[str]:
    """None without the order's own invoice: an exchange's is about what that one leaves out."""
    known, made = {one.return_id for one in papers.exchanges}, []
    for exchange in exchanges if papers.invoice else ():
        if exchange.return_id not in known:
            content = invoice_of_exchange(order, exchange)
            made.append(write_document(order.id, content, "exchange", Names(return_id=exchange.return_id)))
            _announce(order.id, made[-1])
    return made


def _issue_credit_notes(order: InvoicedOrder, papers: Papers, exchanges: list[InvoicedExchange]) -> list[str]:
    made: list[str] = []
    invoice = papers.invoice
    if invoice is None:
        return made
    left = left_of(
        together(rate for one in (invoice, *papers.exchanges) for rate in one.content.rates),
        [rate for note in papers.notes for rate in note.content.rates],
    )
    for due in credit_due(order, papers):
        content = _credit_note(order, invoice, left, due)
        if content is None:
            break
        also = [(one.number, one.issued_on.isoformat()) for one in _also(due, papers, exchanges)]
        names = Names(invoice.id, refund_id=due.refund_id, order_refund_id=due.order_refund_id)
        made.append(write_document(order.id, replace(content, also_corrects=tuple(also)), due.cause, names))
        if due.order_refund_id is None:  # otherwise the refund's letter brings it
            _announce(order.id, made[-1])
        left = left_of(left, content.rates)
    return made


def _credit_note(
    order: InvoicedOrder, invoice: Issued, left: Sequence[RateSum], due: CreditDue
) -> Content | None:
    refund = due.refund
    parts = given_back(order, refund) if refund is not None else []
    content = credit_note_of(
        invoice.content,
        invoice.number,
        invoice.issued_on.isoformat(),
        left,
        due.amount,
        lines=[part for part, _ in parts],
        shown=[line for _, line in parts],
        reason=refund.reason if refund is not None else "",
    )
    if content is None or refund is None or content.gross != refund.amount:
        return content
    return replace(content, waived=refund.waived, to_gift_card=refund.to_gift_card)


def _also(due: CreditDue, papers: Papers, exchanges: Sequence[InvoicedExchange]) -> list[Issued]:
    """The invoices of exchanges of which the refund gives something back, too: those of its lines."""
    items = {part.item_id for part in due.refund.parts} if due.refund is not None else set()
    named = {one.return_id for one in exchanges if one.item_ids & items}
    return [one for one in papers.exchanges if one.return_id in named]


def _announce(order_id: uuid.UUID, number: str, *others: str) -> None:
    """A letter with the document, and with ``others`` that belong to it."""
    enqueue("mail.invoice_issued", order_id=str(order_id), number=number, others=list(others))
