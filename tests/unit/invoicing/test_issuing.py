"""Invoices and credit notes: when they are due, what they say, what the database refuses."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from storefront.cart.services import enter_gift_card
from storefront.core.clock import frozen, now
from storefront.core.db import acting_as, session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.invoicing.lacking import orders_lacking_documents
from storefront.invoicing.models import Invoice, InvoiceSeries, InvoiceTax
from storefront.invoicing.queries import Issued, issued_document, issued_for
from storefront.invoicing.services import issue_what_is_due
from storefront.invoicing.verification import invoice_differences
from storefront.jobs.outbox import drain
from storefront.orders.models import Order, OrderItem, OrderRefund
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order
from storefront.orders.services import PlacedOrder, cancel_order, capture_payment, place_order, refund_payment
from storefront.payments.queries import payments_of
from storefront.payments.services import record_capture
from storefront.shipping.services import save_tax_rate
from tests.factories.buying import (
    fill_cart,
    make_address,
    make_category,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)
from tests.factories.promotions import make_gift_card

pytestmark = pytest.mark.usefixtures("app_context")
CANCELLED = {"status": "cancelled", "cancelled_at": sa.func.now()}
YEAR = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _shipping(app_context: object) -> None:
    make_shipping()


def place(total: str = "54.90", **values: object) -> tuple[Identity, PlacedOrder]:
    """Kettle and mugs over 50.00 and shipping of 4.90, on invoice."""
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "30.00"), 1), (make_product("Mug", "10.00"), 2))
    return guest, place_order(guest, order_request(total, **values))


def charge_in_part(order_id: uuid.UUID) -> None:
    """50.00 are taken and the rest is let go of, as when a card is charged for the last time."""
    [payment] = payments_of(order_id)
    assert record_capture(payment.id, Decimal("50.00"))


def documents(order_id: uuid.UUID) -> list[Issued]:
    session().rollback()
    found = issued_for(order_id)
    session().rollback()
    return found


def amounts(one: Issued) -> list[tuple[Decimal, Decimal, Decimal, Decimal]]:
    return [(rate.rate, rate.net, rate.tax, rate.gross) for rate in one.content.rates]


def test_an_order_on_invoice_has_one_at_once_and_only_one() -> None:
    with frozen(YEAR):
        _, placed = place()
        assert issue_what_is_due(placed.order_id) == ["INV-2026-000001"]
        assert issue_what_is_due(placed.order_id) == []
    (invoice,) = documents(placed.order_id)
    assert (invoice.kind, invoice.number, invoice.gross) == ("invoice", "INV-2026-000001", Decimal("54.90"))
    assert invoice.issued_on.isoformat() == "2026-11-27"
    # 30 contains 4.79, 20 contains 3.19, 4.90 contains 0.78: rounded line by line, as the order was charged.
    assert amounts(invoice) == [(Decimal("19.000"), Decimal("46.14"), Decimal("8.76"), Decimal("54.90"))]
    content = invoice.content
    assert [(line.name, line.quantity, line.amount) for line in content.lines] == [
        ("Kettle", 1, Decimal("30.00")),
        ("Mug", 2, Decimal("20.00")),
        ("Standard", 1, Decimal("4.90")),
    ]
    assert (content.seller.name, content.order_number) == ("Larkfell", placed.number)
    assert content.billing_address["full_name"] == "Ida Larsen"
    assert invoice_differences() == []


def test_each_rate_has_its_sum() -> None:
    books = make_category("Books")
    save_tax_rate("DE", Decimal(7), category_id=books)
    guest = make_guest()
    fill_cart(
        guest, (make_product("Book", "10.70", category_id=books), 3), (make_product("Kettle", "119.00"), 1)
    )
    placed = place_order(guest, order_request("151.10"))
    issue_what_is_due(placed.order_id)
    assert amounts(documents(placed.order_id)[0]) == [
        (Decimal("19.000"), Decimal("100.00"), Decimal("19.00"), Decimal("119.00")),
        (Decimal("7.000"), Decimal("30.00"), Decimal("2.10"), Decimal("32.10")),
    ]


def test_a_company_abroad_is_invoiced_without_tax() -> None:
    vienna = make_address("AT", company="Berg GmbH", city="Wien")
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "120.00"), 1))
    request = order_request(
        "108.25",
        shipping_address=vienna,
        billing_address=vienna,
        shipping_method="standard-eu",
        vat_number="atu 13585627",
    )
    placed = place_order(guest, request)
    issue_what_is_due(placed.order_id)
    (invoice,) = documents(placed.order_id)
    assert (invoice.content.treatment, invoice.content.vat_number) == ("reverse_charge", "ATU13585627")
    assert amounts(invoice) == [(Decimal("0.000"), Decimal("108.25"), Decimal("0.00"), Decimal("108.25"))]


def test_what_a_refund_gives_back_is_credited_and_the_last_one_takes_the_rest() -> None:
    _, placed = place()
    capture_payment(placed.number)
    issue_what_is_due(placed.order_id)
    for amount in ("10.00", "20.00", "24.90"):
        refund_payment(placed.number, Decimal(amount), "scratched")
        assert len(issue_what_is_due(placed.order_id)) == 1
        assert issue_what_is_due(placed.order_id) == []
    invoice, *notes = documents(placed.order_id)
    assert [(note.cause, note.gross) for note in notes] == [
        ("refund", Decimal("10.00")),
        ("refund", Decimal("20.00")),
        ("refund", Decimal("24.90")),
    ]
    assert [note.number[-6:] for note in notes] == ["000001", "000002", "000003"]
    assert all(note.number.startswith("CN-") for note in notes)
    assert sum(note.content.tax for note in notes) == invoice.content.tax
    assert (notes[0].content.corrects, notes[0].content.reason) == (invoice.number, "scratched")


def test_lines_that_go_back_are_credited_at_their_own_rates_whoever_paid_for_them() -> None:
    books = make_category("Books")
    save_tax_rate("DE", Decimal(7), category_id=books)
    guest = make_guest()
    book = make_product("Book", "10.70", category_id=books)
    fill_cart(guest, (book, 2), (make_product("Kettle", "119.00"), 1))
    placed = place_order(guest, order_request("140.40"))
    issue_what_is_due(placed.order_id)
    bought = sa.select(OrderItem.id).where(OrderItem.order_id == placed.order_id, OrderItem.name == "Book")
    # Not paid yet: no payment gives anything back, and less is asked for.
    line = RefundLine(session().scalars(bought).one(), 1)
    refund_order(None, placed.number, RefundRequest((line,), reason="torn"))
    drain()
    invoice, note = documents(placed.order_id)
    assert (note.cause, note.content.reason, note.content.corrects) == ("refund", "torn", invoice.number)
    assert amounts(note) == [(Decimal("7.000"), Decimal("10.00"), Decimal("0.70"), Decimal("10.70"))]
    assert issue_what_is_due(placed.order_id) == []
    capture_payment(placed.number)
    refund_order(None, placed.number, RefundRequest((line,)))
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == [placed.order_id]
    issue_what_is_due(placed.order_id)
    assert [amounts(one) for one in documents(placed.order_id)[1:]] == [amounts(note), amounts(note)]
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == []


def test_what_a_gift_card_gets_back_is_credited() -> None:
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "50.10"), 1))
    enter_gift_card(guest, make_gift_card("200.00").code)
    placed = place_order(guest, order_request("55.00", expected_gift_card=Decimal("55.00")))
    issue_what_is_due(placed.order_id)
    refund_payment(placed.number, Decimal("5.00"))
    drain()
    assert [(one.cause, one.gross) for one in documents(placed.order_id)[1:]] == [("refund", Decimal("5.00"))]


def test_a_cancelled_order_is_credited_whole_once() -> None:
    guest, placed = place()
    issue_what_is_due(placed.order_id)
    cancel_order(Identity(None, guest.session_id, frozenset({placed.order_id})), placed.number)
    assert len(issue_what_is_due(placed.order_id)) == 1
    assert issue_what_is_due(placed.order_id) == []
    invoice, note = documents(placed.order_id)
    assert (note.cause, note.gross, amounts(note)) == ("cancellation", invoice.gross, amounts(invoice))
    assert invoice_differences() == []


def test_cancelled_before_it_was_invoiced_it_never_is() -> None:
    guest, placed = place()
    cancel_order(Identity(None, guest.session_id, frozenset({placed.order_id})), placed.number)
    assert issue_what_is_due(placed.order_id) == []
    assert documents(placed.order_id) == []


def test_what_was_not_captured_is_credited() -> None:
    _, placed = place()
    issue_what_is_due(placed.order_id)
    charge_in_part(placed.order_id)
    issue_what_is_due(placed.order_id)
    assert [(note.cause, note.gross) for note in documents(placed.order_id)[1:]] == [
        ("not_charged", Decimal("4.90"))
    ]


def test_an_order_out_of_another_shops_books_has_its_invoice_there() -> None:
    _, placed = place()
    with transaction():
        session().execute(sa.update(Order).where(Order.id == placed.order_id).values(external_id="#W1"))
    assert issue_what_is_due(placed.order_id) == []
    assert issue_what_is_due(uuid.uuid4()) == []


def test_numbers_begin_again_with_the_year_where_the_shop_is() -> None:
    numbers = []
    for day in (YEAR, datetime(2026, 12, 31, 23, 30, tzinfo=UTC), YEAR + timedelta(days=41)):
        with frozen(day):
            numbers += issue_what_is_due(place()[1].order_id)
    assert numbers == ["INV-2026-000001", "INV-2027-000001", "INV-2027-000002"]


def test_a_number_of_a_transaction_that_came_to_nothing_is_drawn_again() -> None:
    first, second = place()[1].order_id, place()[1].order_id

    class Crash(Exception):
        pass

    def die() -> None:
        with transaction():
            assert issue_what_is_due(first)[0].endswith("000001")
            raise Crash

    for _ in range(3):
        with pytest.raises(Crash):
            die()
    assert issue_what_is_due(second)[0].endswith("000001")
    assert issue_what_is_due(first)[0].endswith("000002")
    with transaction():
        assert session().scalar(sa.select(InvoiceSeries.last_number)) == 2


def row_of(order_id: uuid.UUID) -> dict[str, object]:
    """The row that an invoice of this order would have, for writing another way than the service."""
    issue_what_is_due(order_id)
    with transaction():
        row = (
            session()
            .execute(sa.select(Invoice.__table__).where(Invoice.order_id == order_id))
            .mappings()
            .one()
        )
    kept = set(row) - {"id", "year", "number", "document_number", "created_at"}
    return {name: row[name] for name in kept}


def test_the_database_refuses_what_must_not_be() -> None:
    (_, placed), (_, other) = place(), place()
    row = row_of(placed.order_id)
    invoice = documents(placed.order_id)[0]
    issue_what_is_due(other.order_id)
    note = row | {"kind": "credit_note", "cause": "cancellation", "prefix": "CN", "corrects_id": invoice.id}
    part = {"rate": Decimal(19), "net": Decimal(1), "tax": Decimal(0), "gross": Decimal(1)}
    cases: list[tuple[str, sa.Insert]] = [
        ("uq_invoices_order_id_cause", sa.insert(Invoice).values(row)),
        ("tr_invoices_number_is_drawn", sa.insert(Invoice).values(note | {"number": 7})),
        (
            "tr_invoices_credited_within_invoiced",
            sa.insert(Invoice).values(note | {"net": Decimal("46.15"), "gross": Decimal("54.91")}),
        ),
        (
            "tr_invoices_credited_within_invoiced",
            sa.insert(Invoice).values(note | {"order_id": other.order_id}),
        ),
        ("tr_invoices_rates_sum_up", sa.insert(Invoice).values(note)),
        ("ck_invoices_amounts_add_up", sa.insert(Invoice).values(note | {"gross": Decimal(1)})),
        ("pk_invoice_taxes", sa.insert(InvoiceTax).values(part | {"invoice_id": invoice.id})),
    ]
    for name, statement in cases:
        with pytest.raises(IntegrityError) as refused, transaction():
            session().execute(statement)
        assert refused.value.orig.diag.constraint_name == name  # type: ignore[union-attr]
    for statement in (
        sa.update(Invoice).values(gross=0),
        sa.delete(Invoice),
        sa.delete(InvoiceTax),
        sa.update(InvoiceSeries).values(last_number=9),
        sa.insert(InvoiceSeries).values(kind="invoice", year=2030),
        sa.delete(InvoiceSeries),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction():
            session().execute(statement.execution_options(synchronize_session=False))
    assert [one.number for one in documents(placed.order_id)] == [invoice.number]


def test_shoppers_see_their_own_invoices_without_the_snapshot() -> None:
    owner, stranger = make_shopper(), make_shopper()
    fill_cart(owner, (make_product("Kettle", "50.10"), 1))
    placed = place_order(owner, order_request("55.00", email=""))
    issue_what_is_due(placed.order_id)
    for identity, seen in ((owner, 1), (stranger, 0)):
        with acting_as(identity):
            assert session().scalar(sa.select(sa.func.count(Invoice.id))) == seen
            assert session().scalar(sa.select(sa.func.count(InvoiceTax.invoice_id))) == seen
    with pytest.raises(ProgrammingError, match="permission denied"), acting_as(owner):
        session().scalar(sa.select(Invoice.content))


def test_another_orders_document_is_not_found() -> None:
    (_, placed), (_, other) = place(), place()
    (number,) = issue_what_is_due(placed.order_id)
    assert issued_document(placed.order_id, number).number == number
    for order_id, asked in (
        (other.order_id, number),
        (placed.order_id, "INV\0"),
        (placed.order_id, "x" * 5000),
    ):
        with pytest.raises(NotFound):
            issued_document(order_id, asked)


def test_what_the_outbox_did_not_bring_is_found() -> None:
    (guest, placed), later = place(), now() + timedelta(minutes=10)
    assert orders_lacking_documents(now() - timedelta(minutes=5), 10) == []
    assert orders_lacking_documents(later, 10) == [placed.order_id]
    issue_what_is_due(placed.order_id)
    assert orders_lacking_documents(later, 10) == []
    capture_payment(placed.number)
    refund_payment(placed.number, Decimal(5))
    assert orders_lacking_documents(later, 10) == [placed.order_id]
    issue_what_is_due(placed.order_id)
    assert orders_lacking_documents(later, 10) == []
    assert guest.session_id is not None


def test_what_was_credited_whole_is_not_looked_at_for_ever() -> None:
    (_, refunded), (_, retried), later = place(), place(), now() + timedelta(minutes=10)
    for placed, amount in ((refunded, "54.90"), (retried, "5.00")):
        capture_payment(placed.number)
        refund_id = refund_payment(placed.number, Decimal(amount))
        issue_what_is_due(placed.order_id)
    with transaction():
        session().execute(sa.update(Order).where(Order.id == refunded.order_id).values(CANCELLED))
        # Credited, failed at the bank afterwards, and sent once more: the credit note of the first one counts.
        session().execute(sa.update(OrderRefund).where(OrderRefund.id == refund_id).values(status="failed"))
    refund_payment(retried.number, Decimal(5))
    assert [issue_what_is_due(one.order_id) for one in (refunded, retried)] == [[], []]
    assert orders_lacking_documents(later, 10) == []


def test_a_part_that_was_not_charged_does_not_hide_a_cancellation() -> None:
    _, placed = place()
    issue_what_is_due(placed.order_id)
    charge_in_part(placed.order_id)
    issue_what_is_due(placed.order_id)
    with transaction():
        session().execute(sa.update(Order).where(Order.id == placed.order_id).values(CANCELLED))
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == [placed.order_id]
    issue_what_is_due(placed.order_id)
    assert [one.cause for one in documents(placed.order_id)] == ["order", "not_charged", "cancellation"]


def test_a_difference_is_named() -> None:
    _, placed = place()
    issue_what_is_due(placed.order_id)
    with transaction():
        session().execute(
            sa.update(Order)
            .where(Order.id == placed.order_id)
            .values(customer_note="x", subtotal=Order.subtotal + 1, total_amount=Order.total_amount + 1)
        )
    found = invoice_differences()
    assert [(one.what, one.stored, one.computed) for one in found] == [
        ("invoice over the order's total", Decimal("54.90"), Decimal("55.90"))
    ]
