"""The tax report: what was invoiced and credited in a period, by where the goods went and by rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.money import ZERO
from storefront.invoicing.models import Invoice, InvoiceTax


@dataclass(frozen=True, slots=True)
class Period:
    """Days of issue, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One destination, treatment and rate (per cent). ``net``, ``tax``, ``gross``: invoiced less credited."""

    country: str
    region: str
    treatment: str
    rate: Decimal
    currency: str
    invoices: int
    invoiced_net: Decimal
    invoiced_tax: Decimal
    invoiced_gross: Decimal
    credit_notes: int
    credited_net: Decimal
    credited_tax: Decimal
    credited_gross: Decimal

    @property
    def net(self) -> Decimal:
        """Without tax."""
        return self.invoiced_net - self.credited_net

    @property
    def tax(self) -> Decimal:
        """The tax that is owed."""
        return self.invoiced_tax - self.credited_tax

    @property
    def gross(self) -> Decimal:
        """With tax."""
        return self.invoiced_gross - self.credited_gross


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One rate of one document; a credit note's amounts are negative."""

    number: str
    kind: str
    issued_on: date
    country: str
    region: str
    treatment: str
    vat_number: str
    rate: Decimal
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal


def tax_report(period: Period) -> list[TaxRow]:
    """The sums of the period, by country. One statement."""
    row, part = Invoice, InvoiceTax

    def of(kind: str, amount: Any) -> Any:
        return sa.func.coalesce(sa.func.sum(amount).filter(row.kind == kind), ZERO)

    def count(kind: str) -> Any:
        return sa.func.count().filter(row.kind == kind)

    groups = (row.country, row.region, row.treatment, part.rate, row.currency)
    sums = [
        one
        for kind in ("invoice", "credit_note")
        for one in (count(kind), of(kind, part.net), of(kind, part.tax), of(kind, part.gross))
    ]
    found = session().execute(
        sa.select(*groups, *sums)
        .select_from(sa.join(row, part, part.invoice_id == row.id))
        .where(row.issued_on.between(period.first, period.last))
        .group_by(*groups)
        .order_by(row.country, row.region, row.treatment, part.rate.desc(), row.currency)
    )
    return [TaxRow(*one) for one in found]


def documents_in(period: Period) -> list[DocumentRow]:
    """Every document of the period, by number, with a row for each rate. One statement."""
    row, part = Invoice, InvoiceTax
    sign = sa.case((row.kind == "credit_note", -1), else_=1)
    found = session().execute(
        sa.select(
            row.document_number,
            row.kind,
            row.issued_on,
            row.country,
            row.region,
            row.treatment,
            sa.func.coalesce(row.vat_number, ""),
            part.rate,
            row.currency,
            sign * part.net,
            sign * part.tax,
            sign * part.gross,
        )
        .select_from(sa.join(row, part, part.invoice_id == row.id))
        .where(row.issued_on.between(period.first, period.last))
        .order_by(row.kind.desc(), row.year, row.number, part.rate.desc())
    )
    return [DocumentRow(*one) for one in found]
