"""Do the invoices agree with their orders, their rates and their numbers? What ``flask ops verify`` asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session
from storefront.invoicing.lacking import LOOKED_BACK, changed, is_taken_back, stands
from storefront.invoicing.models import Invoice, InvoiceSeries
from storefront.orders.models import Order, OrderEvent, OrderRefund
from storefront.orders.selling import NOT_SOLD
from storefront.returns.models import Return

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class InvoiceDifference:
    """A document or series whose figure does not agree with what it is computed from."""

    name: str
    what: str
    stored: Decimal
    computed: Decimal


def invoice_differences(limit: int = 100) -> list[InvoiceDifference]:
    """Invoices over another amount than their order or exchange, credit notes over another amount or tax than their
    refund, cancelled orders not credited whole, changes that no paper has followed, series with a gap."""
    return [*_of_orders(limit), *_unfollowed(limit), *_of_exchanges(limit), *_of_refunds(limit), *_numbers()]


def _of_orders(limit: int) -> list[InvoiceDifference]:
    note = sa.orm.aliased(Invoice)
    credited = (
        sa.select(sa.func.coalesce(sa.func.sum(note.gross), 0))
        .where(note.corrects_id == Invoice.id)
        .scalar_subquery()
    )
    follows = sa.and_(Order.status != "cancelled", changed() == Order.changes_on_paper)
    is_settled = sa.and_(Order.status == "cancelled", credited > 0)
    checks: tuple[tuple[str, Any, Any, Any], ...] = (
        ("invoice over the order's total", Invoice.gross, Order.total_amount, follows),
        ("cancelled order credited whole", credited, Invoice.gross, is_settled),
    )
    found: list[InvoiceDifference] = []
    for what, stored, computed, where in checks:
        rows = session().execute(
            sa.select(Invoice.document_number, stored, computed)
            .join(Order, Order.id == Invoice.order_id)
            .where(
                Invoice.kind == "invoice",
                Invoice.cause.in_(["order", "change"]),
                sa.not_(is_taken_back(Invoice.id)),
                stored != computed,
                where,
            )
            .limit(limit)
        )
        found += _differences(what, rows)
    return found


def _unfollowed(limit: int) -> list[InvoiceDifference]:
    """A change has its papers within minutes: after an hour nobody brings them any more.

    Of orders that the job looks at. Of one that was changed before papers followed changes, and is older, nobody will
    bring them, unless something else happens to it.
    """
    lately = sa.exists().where(
        OrderEvent.order_id == Order.id, OrderEvent.kind == "changed", OrderEvent.created_at > now() - _HOUR
    )
    rows = session().execute(
        sa.select(Order.order_number, Order.changes_on_paper, changed())
        .where(
            Order.status.not_in(NOT_SOLD),
            Order.created_at > now() - LOOKED_BACK,
            stands(Invoice.cause.in_(["order", "change"])),
            changed() != Order.changes_on_paper,
            sa.not_(lately),
        )
        .limit(limit)
    )
    return _differences("changes on paper", rows)


def _of_exchanges(limit: int) -> list[InvoiceDifference]:
    rows = session().execute(
        sa.select(Invoice.document_number, Invoice.gross, Return.price_difference)
        .join(Return, Return.id == Invoice.return_id)
        .where(Invoice.gross != Return.price_difference)
        .limit(limit)
    )
    return _differences("invoice over its exchange", rows)


def _of_refunds(limit: int) -> list[InvoiceDifference]:
    """A refund's credit note gives back what the refund does.

    Less only where nothing more was left of what was invoiced, or another refund's paper stands for it; other tax only
    beside a credit note that names no lines, and so took of every rate.
    """
    note, other = Invoice, sa.orm.aliased(Invoice)
    beside = sa.and_(other.corrects_id == note.corrects_id, other.id != note.id)
    credited = sa.select(sa.func.sum(other.gross)).where(other.corrects_id == note.corrects_id)
    for_refunds = credited.where(other.cause == "refund")
    of_exchange = sa.and_(other.order_id == note.order_id, other.cause == "exchange")
    invoiced = sa.select(sa.func.sum(other.gross)).where(sa.or_(other.id == note.corrects_id, of_exchange))
    given = sa.select(sa.func.sum(OrderRefund.amount)).where(
        OrderRefund.order_id == note.order_id, OrderRefund.status == "succeeded"
    )
    more_was_due = sa.and_(
        credited.scalar_subquery() < invoiced.scalar_subquery(),
        for_refunds.scalar_subquery() < given.correlate(note).scalar_subquery(),
    )
    has_lines = sa.func.jsonb_array_length(note.content["lines"]) > 0
    no_lines = sa.exists().where(beside, sa.func.jsonb_array_length(other.content["lines"]) == 0)
    checks: tuple[tuple[str, Any, Any, Any], ...] = (
        ("credit note over its refund", note.gross, OrderRefund.amount, more_was_due),
        ("tax of a refund's credit note", note.tax, OrderRefund.tax, sa.and_(has_lines, sa.not_(no_lines))),
    )
    found: list[InvoiceDifference] = []
    for what, stored, computed, where in checks:
        rows = session().execute(
            sa.select(note.document_number, stored, computed)
            .join(OrderRefund, OrderRefund.id == note.order_refund_id)
            .where(stored != computed, where)
            .limit(limit)
        )
        found += _differences(what, rows)
    return found


def _differences(what: str, rows: Any) -> list[InvoiceDifference]:
    return [InvoiceDifference(name, what, Decimal(one), Decimal(two)) for name, one, two in rows]


def _numbers() -> list[InvoiceDifference]:
    issued = (
        sa.select(sa.func.count())
        .where(Invoice.kind == InvoiceSeries.kind, Invoice.year == InvoiceSeries.year)
        .scalar_subquery()
    )
    rows = session().execute(
        sa.select(InvoiceSeries.kind, InvoiceSeries.year, InvoiceSeries.last_number, issued).where(
            InvoiceSeries.last_number != issued
        )
    )
    return [
        InvoiceDifference(
            f"{kind} {year}", "last number is how many there are", Decimal(last), Decimal(count)
        )
        for kind, year, last, count in rows
    ]
