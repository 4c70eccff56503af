"""What was issued. Rows are written once; the numbers are drawn by a trigger from one row for each series."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import currency_check, one_of
from storefront.core.db import Base, Created, Identified

KINDS = ("invoice", "credit_note")
CAUSES = ("order", "refund", "cancellation", "not_charged", "change", "exchange")
TREATMENTS = ("taxed", "reverse_charge", "untaxed")


class InvoiceSeries(Base):
    """The last number that was drawn of one kind in one year. Written by a trigger alone."""

    __tablename__ = "invoice_series"
    __table_args__ = (sa.CheckConstraint("last_number >= 0", name="last_number_not_negative"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(server_default="0")


class Invoice(Identified, Created, Base):
    """An invoice, or a credit note that ``corrects_id`` an invoice. Append only. Amounts are in ``currency``.

    ``content`` is everything the document says, as it was that day (:class:`storefront.invoicing.content.Content`).
    ``cause`` is why it was issued. A ``change`` of the order takes an invoice back whole, and the invoice that takes
    its place ``replaces_id`` it; an ``exchange`` that costs more (``return_id``) has an invoice beside the order's.
    ``order_refund_id`` is the decision that a credit note is about, ``refund_id`` money that went back without one; a
    trigger refuses a second paper for the same money. ``country`` and ``region`` are where the goods went: they decide
    which state gets the tax.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("cause", CAUSES),
        one_of("treatment", TREATMENTS),
        currency_check(),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)"
            " AND CASE kind WHEN 'invoice' THEN cause IN ('order', 'change', 'exchange')"
            " ELSE cause IN ('refund', 'cancellation', 'not_charged', 'change') END",
            name="credit_note_corrects_an_invoice",
        ),
        sa.CheckConstraint(
            "(kind = 'invoice' AND cause = 'change') = (replaces_id IS NOT NULL)",
            name="replacement_is_named",
        ),
        sa.CheckConstraint("(cause = 'exchange') = (return_id IS NOT NULL)", name="exchange_is_named"),
        sa.CheckConstraint(
            "num_nonnulls(refund_id, order_refund_id) = (cause = 'refund')::integer", name="refund_is_named"
        ),
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND gross = net + tax", name="amounts_add_up"),
        sa.CheckConstraint("treatment = 'taxed' OR tax = 0", name="untaxed_without_tax"),
        sa.UniqueConstraint("kind", "year", "number"),
        sa.Index(
            "uq_invoices_order_id_cause",
            "order_id",
            "cause",
            unique=True,
            postgresql_where=sa.text("cause IN ('order', 'cancellation', 'not_charged')"),
        ),
        sa.Index(
            "uq_invoices_taken_back",
            "corrects_id",
            unique=True,
            postgresql_where=sa.text("cause = 'change'"),
        ),
        sa.Index("ix_invoices_order_id", "order_id"),
        sa.Index("ix_invoices_corrects_id", "corrects_id"),
        sa.Index("ix_invoices_issued_on", "issued_on"),
    )

    kind: Mapped[str]
    prefix: Mapped[str]
    year: Mapped[int] = mapped_column(server_default=sa.FetchedValue())
    number: Mapped[int] = mapped_column(server_default=sa.FetchedValue())
    document_number: Mapped[str] = mapped_column(
        sa.Computed("prefix || '-' || year::text || '-' || lpad(number::text, 6, '0')", persisted=True),
        unique=True,
    )
    issued_on: Mapped[date]
    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("invoices.id"))
    cause: Mapped[str]
    refund_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("refunds.id"), unique=True)
    order_refund_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("order_refunds.id"), unique=True)
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("invoices.id"), unique=True)
    return_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("returns.id"), unique=True)
    country: Mapped[str]
    region: Mapped[str] = mapped_column(default="", server_default="")
    treatment: Mapped[str]
    vat_number: Mapped[str | None]
    currency: Mapped[str]
    net: Mapped[Decimal]
    tax: Mapped[Decimal]
    gross: Mapped[Decimal]
    content: Mapped[dict[str, Any]]


class InvoiceTax(Base):
    """What an invoice or credit note says of one rate (per cent). Append only; they sum to the document."""

    __tablename__ = "invoice_taxes"
    __table_args__ = (
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND gross = net + tax", name="amounts_add_up"),
        sa.CheckConstraint("rate >= 0 AND rate <= 100", name="rate_in_range"),
    )

    invoice_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("invoices.id"), primary_key=True)
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(6, 3), primary_key=True)
    net: Mapped[Decimal]
    tax: Mapped[Decimal]
    gross: Mapped[Decimal]
