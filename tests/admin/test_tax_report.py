"""The tax report: what staff see, what they download, and that it is what was issued."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.clock import frozen
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.http.spreadsheet import as_csv
from storefront.invoicing.services import issue_what_is_due
from storefront.orders.models import Order
from storefront.orders.services import cancel_order, capture_payment, place_order, refund_payment
from storefront.payments.models import Payment, Refund
from tests.admin.test_synonym_pages import browser_of
from tests.factories.buying import (
    fill_cart,
    make_address,
    make_guest,
    make_product,
    make_shipping,
    order_request,
)
from tests.web.paper_browser import PaperBrowser

NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAYS = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def staff(app: Flask) -> PaperBrowser:
    return browser_of(app, "manager")


def sell(country: str = "DE", **values: object) -> tuple[Identity, str]:
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "119.00"), 1))
    total = {"DE": "119.00", "AT": "128.90"}[country]
    request = order_request(
        str(values.pop("total", total)),
        shipping_address=make_address(country),
        billing_address=make_address(country),
        shipping_method="standard" if country == "DE" else "standard-eu",
        **values,
    )
    placed = place_order(guest, request)
    issue_what_is_due(placed.order_id)
    return Identity(None, guest.session_id, frozenset({placed.order_id})), placed.number


@pytest.fixture
def books(app: Flask) -> None:
    """Sold at home and abroad, to a company abroad, given back in part, cancelled, and once in December."""
    with app.app_context():
        make_shipping()
        with frozen(NOVEMBER):
            _, first = sell()
            capture_payment(first)
            refund_payment(first, Decimal("11.90"), "scratched")
            issue_what_is_due(order_id(first))
            sell("AT")
            sell("AT", vat_number="ATU13585627", total="107.42")
            buyer, cancelled = sell("AT")
            cancel_order(buyer, cancelled)
            issue_what_is_due(order_id(cancelled))
        with frozen(datetime(2026, 12, 1, tzinfo=UTC)):
            sell()


def order_id(number: str) -> object:
    with transaction():
        return session().scalar(sa.select(Order.id).where(Order.order_number == number))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.usefixtures("books")
def test_the_report_sums_what_was_issued_by_country_and_rate(app: Flask, staff: PaperBrowser) -> None:
    page = staff.get(f"/admin/tax-report?{DAYS}")
    assert page.status_code == 200
    for text in ("DE", "AT", "reverse charge", "€107.10", "€128.90"):
        assert text in page.text
    answer = staff.get(f"/admin/tax-report/sums.csv?{DAYS}")
    assert answer.mimetype == "text/csv"
    assert 'filename="tax-sums-2026-11-01-2026-11-30.csv"' in answer.headers["Content-Disposition"]
    rows = table(answer.text)
    kept = ("country", "treatment", "rate", "invoices", "credit_notes", "net", "tax", "gross")
    assert [tuple(row[name] for name in kept) for row in rows] == [
        ("AT", "reverse_charge", "0.000", "1", "0", "107.42", "0.00", "107.42"),
        ("AT", "taxed", "20.000", "2", "1", "107.42", "21.48", "128.90"),
        ("DE", "taxed", "19.000", "1", "1", "90.00", "17.10", "107.10"),
    ]
    assert (rows[0]["from"], rows[0]["to"], rows[0]["currency"]) == ("2026-11-01", "2026-11-30", "EUR")


@pytest.mark.usefixtures("books")
def test_documents_and_ledgers_agree_with_the_sums(app: Flask, staff: PaperBrowser) -> None:
    sums = table(staff.get(f"/admin/tax-report/sums.csv?{DAYS}").text)
    documents = table(staff.get(f"/admin/tax-report/documents.csv?{DAYS}").text)
    assert len({row["number"] for row in documents}) == 6
    for name in ("net", "tax", "gross"):
        assert sum(Decimal(row[name]) for row in sums) == sum(Decimal(row[name]) for row in documents)
    with app.app_context(), transaction():
        in_november = sa.and_(
            Order.placed_at < datetime(2026, 12, 1, tzinfo=UTC), Order.status != "cancelled"
        )
        owed = session().scalar(sa.select(sa.func.sum(Order.total_amount)).where(in_november))
        promised = session().scalar(
            sa.select(sa.func.sum(Payment.amount))
            .join(Order, Order.id == Payment.order_id)
            .where(in_november)
        )
        back = session().scalar(sa.select(sa.func.sum(Refund.amount)))
    assert owed == promised
    assert sum(Decimal(row["gross"]) for row in sums) == owed - back
    assert [row["vat_number"] for row in documents if row["treatment"] == "reverse_charge"] == ["ATU13585627"]


@pytest.mark.usefixtures("books")
def test_the_command_says_the_same(app: Flask, staff: PaperBrowser) -> None:
    run = app.test_cli_runner().invoke(
        args=["orders", "tax-report", "--from", "2026-11-01", "--to", "2026-11-30"]
    )
    assert run.exit_code == 0
    assert table(run.output) == table(staff.get(f"/admin/tax-report/sums.csv?{DAYS}").text)
    wrong = app.test_cli_runner().invoke(
        args=["orders", "tax-report", "--from", "2026-11-02", "--to", "2026-11-01"]
    )
    assert (wrong.exit_code, "is before the first day" in wrong.output) == (2, True)


@pytest.mark.usefixtures("books")
def test_staff_open_the_papers_of_an_order(app: Flask, staff: PaperBrowser) -> None:
    with app.app_context():
        refunded = Order.payment_status == "partially_refunded"
        number = session().scalars(sa.select(Order.order_number).where(refunded)).one()
    page = staff.get(f"/admin/orders/{number}").text
    assert page.count(f"/admin/orders/{number}/papers/") == 2
    start = page.index(f"/admin/orders/{number}/papers/")
    assert staff.get(page[start : page.index('"', start)]).data[:5] == b"%PDF-"
    assert staff.get(f"/admin/orders/{number}/papers/INV-2026-000099.pdf").status_code == 404


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("from=2026-02-30&to=2026-03-01", "Please enter both days as dates."),
        ("from=<b>&to=", "Please enter both days as dates."),
        ("from=2026-03-02&to=2026-03-01", "The last day is before the first one."),
    ],
)
def test_days_that_are_none_are_refused_in_words(staff: PaperBrowser, days: str, sentence: str) -> None:
    page = staff.get(f"/admin/tax-report?{days}")
    assert (page.status_code, sentence in page.text) == (422, True)
    assert staff.get(f"/admin/tax-report/sums.csv?{days}").status_code == 404


def test_without_days_it_is_last_month_and_may_be_empty(staff: PaperBrowser) -> None:
    with frozen(datetime(2026, 3, 15, tzinfo=UTC)):
        page = staff.get("/admin/tax-report").text
    assert 'value="2026-02-01"' in page
    assert 'value="2026-02-28"' in page
    assert "Nothing in this period" in page
    assert staff.get("/admin/tax-report/secrets.csv").status_code == 404


def test_guests_and_editors_of_the_catalog_see_no_report(app: Flask) -> None:
    assert PaperBrowser(app).get("/admin/tax-report").status_code == 302
    assert browser_of(app, "catalog_editor").get(f"/admin/tax-report?{DAYS}").status_code == 403


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ('a "b", c', 'a "b", c'),
        (Decimal("-1.50"), "-1.50"),
        (Decimal("1E+3"), "1000"),
        (NOVEMBER.date(), "2026-11-20"),
    ],
)
def test_no_cell_is_a_formula(cell: object, written: str) -> None:
    text = as_csv(["cell"], [[cell]])  # type: ignore[list-item]
    assert list(csv.reader(StringIO(text)))[1] == [written]
