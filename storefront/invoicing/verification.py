"""Do the invoices agree with their orders, their rates and their numbers? What ``flask ops verify`` asks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.invoicing.models import Invoice, InvoiceSeries
from storefront.orders.models import Order


@dataclass(frozen=True, slots=True)
class InvoiceDifference:
    """A document or series whose figure does not agree with what it is computed from."""

    name: str
    what: str
    stored: Decimal
    computed: Decimal


def invoice_differences(limit: int = 100) -> list[InvoiceDifference]:
    """Invoices over another amount than their order, cancelled orders not credited whole, series with a gap."""
    return [*_amounts(limit), *_numbers()]


def _amounts(limit: int) -> list[InvoiceDifference]:
    note = sa.orm.aliased(Invoice)
    credited = (
        sa.select(sa.func.coalesce(sa.func.sum(note.gross), 0))
        .where(note.corrects_id == Invoice.id)
        .scalar_subquery()
    )
    is_settled = sa.and_(Order.status == "cancelled", credited > 0)
    checks: tuple[tuple[str, Any, Any, Any], ...] = (
        ("invoice over the order's total", Invoice.gross, Order.total_amount, sa.true()),
        ("cancelled order credited whole", credited, Invoice.gross, is_settled),
    )
    found: list[InvoiceDifference] = []
    for what, stored, computed, where in checks:
        rows = session().execute(
            sa.select(Invoice.document_number, stored, computed)
            .join(Order, Order.id == Invoice.order_id)
            .where(Invoice.kind == "invoice", stored != computed, where)
            .limit(limit)
        )
        found.extend(InvoiceDifference(number, what, Decimal(one), Decimal(two)) for number, one, two in rows)
    return found


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
