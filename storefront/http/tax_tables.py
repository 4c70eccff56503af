"""The tax report as tables, for the staff page's download and the command line alike."""

from __future__ import annotations

from storefront.http.spreadsheet import as_csv
from storefront.invoicing.report import Period, documents_in, tax_report

_AMOUNTS = ("net", "tax", "gross")
SUM_COLUMNS = (
    *("from", "to", "country", "region", "treatment", "rate", "currency", "invoices"),
    *(f"invoiced_{name}" for name in _AMOUNTS),
    "credit_notes",
    *(f"credited_{name}" for name in _AMOUNTS),
    *_AMOUNTS,
)
DOCUMENT_COLUMNS = (
    *("number", "kind", "issued_on", "country", "region", "treatment", "vat_number", "rate", "currency"),
    *_AMOUNTS,
)


def tax_report_csv(period: Period) -> str:
    """One row for each destination, treatment and rate."""
    rows = (
        (
            period.first,
            period.last,
            *(row.country, row.region, row.treatment, row.rate, row.currency),
            *(row.invoices, row.invoiced_net, row.invoiced_tax, row.invoiced_gross),
            *(row.credit_notes, row.credited_net, row.credited_tax, row.credited_gross),
            *(row.net, row.tax, row.gross),
        )
        for row in tax_report(period)
    )
    return as_csv(SUM_COLUMNS, rows)


def documents_csv(period: Period) -> str:
    """One row for each document and rate: what the sums consist of, with the buyers' VAT numbers."""
    rows = (
        (
            *(row.number, row.kind, row.issued_on, row.country, row.region, row.treatment, row.vat_number),
            *(row.rate, row.currency, row.net, row.tax, row.gross),
        )
        for row in documents_in(period)
    )
    return as_csv(DOCUMENT_COLUMNS, rows)
