"""Reads of what was issued: an order's documents, one of them, and orders that lack one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.invoicing.content import Content, content_from
from storefront.invoicing.models import Invoice
from storefront.invoicing.reading import TAKEN
from storefront.orders.models import Order, OrderRefund
from storefront.orders.selling import NOT_SOLD
from storefront.payments.cards import CARDS
from storefront.payments.models import Payment, Refund

PAID = ("paid", "partially_refunded", "refunded")
LOOKED_BACK = timedelta(days=60)


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
    gross: Decimal
    currency: str
    content: Content


def issued_for(order_id: uuid.UUID) -> list[Issued]:
    """The order's invoice, then its credit notes in the order of their numbers. One statement."""
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
            gross=one.gross,
            currency=one.currency,
            content=content_from(one.content),
        )
        for one in rows
    ]


def orders_lacking_documents(before: datetime, limit: int) -> list[uuid.UUID]:
    """Orders of the last two months that lack a document which was due ``before``. One statement.

    It finds what the outbox would have brought, should an entry be lost or come too early.
    """
    invoice = sa.select(Invoice.id).where(Invoice.order_id == Order.id, Invoice.kind == "invoice")
    # What was credited whole lacks nothing, however it came to that: it must not be looked at for ever.
    is_left = _sum_of(Invoice.gross, Invoice.kind == "invoice") > _sum_of(
        Invoice.gross, Invoice.kind == "credit_note"
    )
    uncharged_note = sa.exists().where(Invoice.order_id == Order.id, Invoice.cause == "not_charged")
    ordered = Order.status.not_in(NOT_SOLD)
    is_due = sa.and_(
        ordered,
        sa.or_(
            Order.payment_method != CARDS.code,
            Order.payment_status.in_(PAID),
        ),
        sa.not_(invoice.exists()),
    )
    # By sums: a refund that failed after it had been credited and is tried again is not credited twice.
    uncredited = _refunded() > _sum_of(Invoice.gross, Invoice.cause == "refund")
    uncharged = sa.exists().where(
        Payment.order_id == Order.id,
        Payment.status.in_(TAKEN),
        Payment.captured_amount < Payment.amount,
    )
    lacks_note = sa.and_(
        invoice.exists(),
        is_left,
        sa.or_(
            Order.status == "cancelled",
            sa.and_(ordered, uncredited),
            sa.and_(ordered, uncharged, sa.not_(uncharged_note)),
        ),
    )
    found = session().scalars(
        sa.select(Order.id)
        .where(
            Order.placed_at.is_not(None),
            Order.external_id.is_(None),
            Order.created_at > before - LOOKED_BACK,
            Order.updated_at < before,
            sa.or_(is_due, lacks_note),
        )
        .order_by(Order.placed_at)
        .limit(limit)
    )
    return list(found)


def _sum_of(amount: Any, which: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    """What the order's documents of one kind or cause come to."""
    of_order = sa.select(sa.func.coalesce(sa.func.sum(amount), 0)).where(Invoice.order_id == Order.id, which)
    return of_order.correlate(Order).scalar_subquery()


def _refunded() -> sa.ColumnElement[Any]:
    """What of the order has gone back: by decisions, and without one."""
    decided = sa.select(sa.func.coalesce(sa.func.sum(OrderRefund.amount), 0)).where(
        OrderRefund.order_id == Order.id, OrderRefund.status == "succeeded"
    )
    undecided = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0)).where(
        Refund.order_id == Order.id, Refund.status == "succeeded", Refund.order_refund_id.is_(None)
    )
    return decided.correlate(Order).scalar_subquery() + undecided.correlate(Order).scalar_subquery()
