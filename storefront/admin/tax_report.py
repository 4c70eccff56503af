"""The tax report of a period, on the page and as CSV; and the papers of an order."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from storefront.admin.access import requires
from storefront.admin.area import blueprint
from storefront.core.shop_time import today
from storefront.core.texts import gettext as _
from storefront.http.paper_answers import pdf_of
from storefront.http.tax_tables import documents_csv, tax_report_csv
from storefront.invoicing.queries import issued_document
from storefront.invoicing.report import Period, tax_report
from storefront.orders.queries_for_staff import staff_order

TABLES = {"sums": tax_report_csv, "documents": documents_csv}


@blueprint.get("/tax-report")
@requires("orders", "read")
def report() -> ResponseReturnValue:
    """The sums between two days; without days those of last month."""
    period, problem = _period()
    rows = tax_report(period) if not problem else []
    page = render_template("admin/tax_report.html", period=period, problem=problem, rows=rows)
    return page, 422 if problem else 200


@blueprint.get("/tax-report/<table>.csv")
@requires("orders", "read")
def report_csv(table: str) -> ResponseReturnValue:
    """The same as a file: the sums, or each document."""
    period, problem = _period()
    if table not in TABLES or problem:
        abort(404)
    name = f"tax-{table}-{period.first}-{period.last}.csv"
    return Response(
        TABLES[table](period),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@blueprint.get("/orders/<number>/papers/<document>.pdf")
@requires("orders", "read")
def paper(number: str, document: str) -> ResponseReturnValue:
    """An order's invoice or credit note."""
    return pdf_of(issued_document(staff_order(number).id, document))


def _period() -> tuple[Period, str]:
    """The days of the address, and what is wrong with them."""
    last_month = today().replace(day=1) - timedelta(days=1)
    usual = Period(last_month.replace(day=1), last_month)
    try:
        first, last = (
            date.fromisoformat(request.args.get(name) or day.isoformat())
            for name, day in (("from", usual.first), ("to", usual.last))
        )
    except ValueError:
        return usual, _("Please enter both days as dates.")
    if last < first:
        return Period(first, last), _("The last day is before the first one.")
    return Period(first, last), ""
