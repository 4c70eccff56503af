"""Which credit notes an order lacks: read again each time, whoever brings the news. Under the order's lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.core.money import ZERO
from storefront.invoicing.content import Line
from storefront.invoicing.crediting import GivenBack
from storefront.invoicing.queries import Issued, Papers
from storefront.invoicing.reading import (
    InvoicedLine,
    InvoicedOrder,
    RefundedMoney,
    never_charged,
    refunds_done,
)


@dataclass(frozen=True, slots=True)
class CreditDue:
    """A credit note to be issued over ``amount``, for ``refund`` where that is its cause."""

    cause: str
    amount: Decimal
    refund: RefundedMoney | None = None

    @property
    def order_refund_id(self) -> uuid.UUID | None:
        """The order's refund that it is for."""
        return self.refund.order_refund_id if self.refund else None

    @property
    def refund_id(self) -> uuid.UUID | None:
        """The payment's refund that it is for, where that carries out none of the order's."""
        if self.refund is None or self.refund.order_refund_id is not None:
            return None
        (only,) = self.refund.refund_ids
        return only


def credit_due(order: InvoicedOrder, papers: Papers) -> list[CreditDue]:
    """The credit notes that what stands of the order's papers lacks, in the order of what they are for."""
    due = _for_refunds(order, papers)
    invoiced = sum((one.gross for one in (papers.invoice, *papers.exchanges) if one), ZERO)
    left = (
        invoiced - sum((note.gross for note in papers.notes), ZERO) - sum((one.amount for one in due), ZERO)
    )
    causes = {one.cause for one in papers.documents}
    if order.status == "cancelled":
        if left > 0 and "cancellation" not in causes:
            due.append(CreditDue("cancellation", left))
        return due
    rest = never_charged(order.id)
    if rest and "not_charged" not in causes:
        due.append(CreditDue("not_charged", rest))
    return due


def _for_refunds(order: InvoicedOrder, papers: Papers) -> list[CreditDue]:
    """A refund that failed after it had succeeded was credited; the one that is tried instead is not, again.

    Unless that paper went with an invoice that no longer holds. What a payment gave back of a cancelled order is part
    of the cancellation.
    """
    notes = [one for one in papers.documents if one.is_credit_note]
    refunds = [
        one
        for one in refunds_done(order.id)
        if order.status != "cancelled" or one.order_refund_id is not None or _has_paper(one, notes)
    ]
    owed = sum((one.amount for one in refunds), ZERO) - sum(
        (note.gross for note in papers.notes if note.cause == "refund"), ZERO
    )
    due = []
    for one in refunds:
        amount = min(one.amount, owed)
        if amount > 0 and not _has_paper(one, notes):
            due.append(CreditDue("refund", amount, one))
            owed -= amount
    return due


def _has_paper(refund: RefundedMoney, notes: Sequence[Issued]) -> bool:
    return any(
        note.refund_id in refund.refund_ids
        if note.refund_id is not None
        else note.order_refund_id is not None and note.order_refund_id == refund.order_refund_id
        for note in notes
    )


def given_back(order: InvoicedOrder, refund: RefundedMoney) -> list[tuple[GivenBack, Line]]:
    """What the refund gave back of each line and of the shipping: for the sums, and for the paper."""
    by_id = {line.item_id: line for line in order.lines}
    found = []
    for part in refund.parts:
        line = by_id[part.item_id] if part.item_id else order.shipping
        amount = part.amount if order.prices_include_tax else part.amount - part.tax
        shown = Line(
            name=line.name if part.item_id else order.shipping_name,
            quantity=part.quantity,
            unit_price=_price(line, part.quantity, amount),
            amount=amount,
            rate=line.rate,
            sku=line.sku,
            note=line.note,
        )
        found.append((GivenBack(line.rate, part.amount, part.tax), shown))
    return found


def _price(line: InvoicedLine, units: int, amount: Decimal) -> Decimal:
    """The price of a unit, where the units gave back just that."""
    return line.unit_price if units and line.unit_price * units == amount else ZERO
