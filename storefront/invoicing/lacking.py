"""Orders that lack a document: what the outbox would have brought, should an entry be lost or come too early."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.invoicing.exchanges import is_charged
from storefront.invoicing.models import Invoice
from storefront.invoicing.reading import PAID, TAKEN
from storefront.orders.models import Order, OrderEvent, OrderRefund
from storefront.orders.selling import NOT_SOLD
from storefront.payments.cards import CARDS
from storefront.payments.models import Payment, Refund
from storefront.returns.models import Return

LOOKED_BACK = timedelta(days=60)


def orders_lacking_documents(before: datetime, limit: int) -> list[uuid.UUID]:
    """Orders of the last two months that lack a document which was due ``before``. One statement."""
    ordered = Order.status.not_in(NOT_SOLD)
    paid_or_later = sa.or_(Order.payment_method != CARDS.code, Order.payment_status.in_(PAID))
    has_invoice = stands(Invoice.cause.in_(["order", "change"]))
    found = session().scalars(
        sa.select(Order.id)
        .where(
            Order.placed_at.is_not(None),
            Order.external_id.is_(None),
            Order.created_at > before - LOOKED_BACK,
            Order.updated_at < before,
            sa.or_(
                sa.and_(ordered, paid_or_later, sa.not_(has_invoice)),
                sa.and_(has_invoice, ordered, changed() > Order.changes_on_paper),
                sa.and_(has_invoice, _lacks_exchange()),
                sa.and_(has_invoice, _lacks_note(ordered)),
            ),
        )
        .order_by(Order.placed_at)
        .limit(limit)
    )
    return list(found)


def stands(which: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether the order has an invoice like that which no change has taken back."""
    return sa.exists().where(
        Invoice.order_id == Order.id, Invoice.kind == "invoice", which, sa.not_(is_taken_back(Invoice.id))
    )


def is_taken_back(invoice_id: Any) -> sa.Exists:
    """Whether a change of its order has taken this invoice back."""
    note = sa.orm.aliased(Invoice)
    return sa.exists().where(note.corrects_id == invoice_id, note.cause == "change")


def changed() -> sa.ScalarSelect[int]:
    """How often the order was changed."""
    told = sa.select(sa.func.count()).where(OrderEvent.order_id == Order.id, OrderEvent.kind == "changed")
    return told.correlate(Order).scalar_subquery()


def _lacks_exchange() -> sa.Exists:
    invoiced = sa.exists().where(Invoice.return_id == Return.id)
    return (
        sa.select(Return.id)
        .join(Payment, Payment.id == Return.payment_id)
        .where(Return.order_id == Order.id, is_charged(), sa.not_(invoiced))
        .exists()
    )


def _lacks_note(ordered: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    # What was credited whole lacks nothing, however it came to that: it must not be looked at for ever.
    is_left = _sum_of(Invoice.kind == "invoice") > _sum_of(Invoice.kind == "credit_note")
    uncharged_note = sa.exists().where(Invoice.order_id == Order.id, Invoice.cause == "not_charged")
    # By sums: a refund that failed after it had been credited and is tried again is not credited twice.
    of_refunds = sa.and_(Invoice.cause == "refund", sa.not_(is_taken_back(Invoice.corrects_id)))
    uncredited = _refunded() > _sum_of(of_refunds)
    uncharged = sa.exists().where(
        Payment.order_id == Order.id,
        Payment.status.in_(TAKEN),
        Payment.captured_amount < Payment.amount,
        sa.not_(Payment.is_for_change),
    )
    return sa.and_(
        is_left,
        sa.or_(
            Order.status == "cancelled",
            sa.and_(ordered, uncredited),
            sa.and_(ordered, uncharged, sa.not_(uncharged_note)),
        ),
    )


def _sum_of(which: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    """What the order's documents like that come to."""
    of_order = sa.select(sa.func.coalesce(sa.func.sum(Invoice.gross), 0)).where(
        Invoice.order_id == Order.id, which
    )
    return of_order.correlate(Order).scalar_subquery()


def _refunded() -> sa.ColumnElement[Any]:
    """What of the order has gone back: by decisions, and without one."""
    decided = sa.select(sa.func.coalesce(sa.func.sum(OrderRefund.amount), 0)).where(
        OrderRefund.order_id == Order.id, OrderRefund.status == "succeeded"
    )
    undecided = (
        sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.order_id == Order.id,
            Refund.status == "succeeded",
            Refund.order_refund_id.is_(None),
            sa.not_(Refund.is_change),
            sa.not_(Payment.is_for_change),
        )
    )
    return decided.correlate(Order).scalar_subquery() + undecided.correlate(Order).scalar_subquery()
