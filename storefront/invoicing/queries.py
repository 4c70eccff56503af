"""Reads of what was issued: an order's documents, one of them, and what of them stands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.invoicing.content import Content, content_from
from storefront.invoicing.models import Invoice
from storefront.payments.models import Refund


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice or credit note with all it says."""

    id: uuid.UUID
    kind: str
    number: str
    issued_on: date
    order_id: uuid.UUID
    cause: str
    refund_id: uuid.UUID | None
    order_refund_id: uuid.UUID | None
    corrects_id: uuid.UUID | None
    replaces_id: uuid.UUID | None
    return_id: uuid.UUID | None
    gross: Decimal
    currency: str
    content: Content

    @property
    def is_credit_note(self) -> bool:
        """Whether it gives back, or takes an invoice back."""
        return self.kind == "credit_note"

    @property
    def takes_back(self) -> bool:
        """Whether it is the credit note by which an invoice no longer holds."""
        return self.is_credit_note and self.cause == "change"


@dataclass(frozen=True, slots=True)
class Papers:
    """An order's documents. An invoice stands until a change of the order takes it back, with all its credit notes."""

    documents: tuple[Issued, ...]

    @property
    def taken_back(self) -> frozenset[uuid.UUID]:
        """The invoices that no longer hold."""
        return frozenset(one.corrects_id for one in self.documents if one.takes_back and one.corrects_id)

    @property
    def invoice(self) -> Issued | None:
        """The invoice of the order that stands."""
        return next((one for one in self._of_order if one.id not in self.taken_back), None)

    @property
    def to_be_replaced(self) -> Issued | None:
        """The invoice that was taken back last, while none has taken its place."""
        return self._of_order[-1] if self._of_order and self.invoice is None else None

    @property
    def _of_order(self) -> list[Issued]:
        return [one for one in self.documents if one.cause in ("order", "change") and not one.is_credit_note]

    @property
    def exchanges(self) -> list[Issued]:
        """The invoices of exchanges, which stand beside the order's."""
        return [one for one in self.documents if one.cause == "exchange"]

    @property
    def notes(self) -> list[Issued]:
        """The credit notes of what stands."""
        return [
            one for one in self.documents if one.is_credit_note and one.corrects_id not in self.taken_back
        ]


def papers_of(order_id: uuid.UUID) -> Papers:
    """What was issued for the order. One statement."""
    return Papers(tuple(issued_for(order_id)))


def issued_for(order_id: uuid.UUID) -> list[Issued]:
    """The order's invoices, then its credit notes, each in the order of their numbers. One statement."""
    return _issued(Invoice.order_id == order_id)


def issued_document(order_id: uuid.UUID, number: str) -> Issued:
    """The order's document with this number. Raises :class:`NotFound`, also for another order's. One statement."""
    asked = number[:40].replace("\0", "")  # it comes out of an address
    for one in _issued(sa.and_(Invoice.order_id == order_id, Invoice.document_number == asked)):
        return one
    raise NotFound("invoice", number)


def credit_note_of_refund(order_refund_id: uuid.UUID) -> Issued | None:
    """The paper of the order's refund, if it has one. One statement."""
    money = sa.select(Refund.id).where(Refund.order_refund_id == order_refund_id)
    of_refund = sa.or_(Invoice.order_refund_id == order_refund_id, Invoice.refund_id.in_(money))
    return next(iter(_issued(of_refund)), None)


def _issued(which: sa.ColumnElement[bool]) -> list[Issued]:
    row = Invoice
    rows = session().execute(
        sa.select(
            row.id,
            row.kind,
            row.document_number,
            row.issued_on,
            row.order_id,
            row.cause,
            row.refund_id,
            row.order_refund_id,
            row.corrects_id,
            row.replaces_id,
            row.return_id,
            row.gross,
            row.currency,
            row.content,
        )
        .where(which)
        .order_by(row.kind.desc(), row.year, row.number)
    )
    return [
        Issued(
            id=one.id,
            kind=one.kind,
            number=one.document_number,
            issued_on=one.issued_on,
            order_id=one.order_id,
            cause=one.cause,
            refund_id=one.refund_id,
            order_refund_id=one.order_refund_id,
            corrects_id=one.corrects_id,
            replaces_id=one.replaces_id,
            return_id=one.return_id,
            gross=one.gross,
            currency=one.currency,
            content=content_from(one.content),
        )
        for one in rows
    ]
