"""Each refund has one credit note: over the lines and the tax that it gave back, wherever its money went."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.settings import current_settings
from storefront.http.invoice_paper import paper_of
from storefront.invoicing.lacking import orders_lacking_documents
from storefront.invoicing.models import Invoice
from storefront.invoicing.queries import Issued, credit_note_of_refund, issued_for
from storefront.invoicing.services import issue_what_is_due
from storefront.invoicing.verification import invoice_differences
from storefront.jobs.orders import issue_invoices
from storefront.jobs.outbox import drain
from storefront.orders.models import OrderRefund
from storefront.orders.queries_for_refunds import order_refund
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order
from storefront.orders.services import cancel_order
from storefront.payments.models import Refund
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mails
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    complete_return,
    receive_return,
    request_return,
)
from storefront.shipping.services import save_tax_rate
from tests.concurrency.threads import at_once
from tests.factories.buying import make_category, make_product, make_shipping
from tests.factories.promotions import make_gift_card
from tests.factories.returns import Bought, buy, buy_kettles, deliver, staff_id

pytestmark = pytest.mark.usefixtures("app_context")
HIGH, LOW = Decimal("19.000"), Decimal("7.000")


@pytest.fixture(autouse=True)
def _shipping(app_context: Flask) -> None:
    make_shipping()


def book_and_kettle(**values: object) -> Bought:
    """Three books of 10.70 at 7 per cent and a kettle of 119.00 at 19, by invoice; their shipping is free."""
    books = make_category("Books")
    save_tax_rate("DE", Decimal(7), category_id=books)
    book = make_product("Book", "10.70", category_id=books)
    return buy("151.10", (book, 3), (make_product("Kettle", "119.00"), 1), **values)  # type: ignore[arg-type]


def give(bought: Bought, *lines: RefundLine, **values: object) -> uuid.UUID:
    return refund_order(None, bought.number, RefundRequest(lines=lines, **values))  # type: ignore[arg-type]


def note_of(refund_id: uuid.UUID) -> Issued:
    """The refund's paper, which sums to the refund."""
    session().rollback()
    note, refund = credit_note_of_refund(refund_id), order_refund(refund_id)
    assert note is not None
    assert (note.gross, note.content.gross, note.content.tax) == (refund.amount, refund.amount, refund.tax)
    return note


def rates(note: Issued) -> list[tuple[Decimal, Decimal, Decimal, Decimal]]:
    return [(one.rate, one.net, one.tax, one.gross) for one in note.content.rates]


def lines(note: Issued) -> list[tuple[str, int, Decimal, Decimal, Decimal]]:
    return [(one.name, one.quantity, one.unit_price, one.amount, one.rate) for one in note.content.lines]


def assert_nothing_is_lacking() -> None:
    session().rollback()
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == []
    assert invoice_differences() == []


def letters(subject: str = "") -> list[StoredMail]:
    return [mail for mail in stored_mails(mail_folder(current_settings())) if subject in mail.subject]


def test_units_of_a_line_are_credited_at_their_rate() -> None:
    bought = book_and_kettle()
    issue_what_is_due(bought.order_id)
    refund_id = give(bought, RefundLine(bought.items[0], 2), reason="torn")
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == [bought.order_id]
    assert len(issue_what_is_due(bought.order_id)) == 1
    assert issue_what_is_due(bought.order_id) == []
    note = note_of(refund_id)
    assert rates(note) == [(LOW, Decimal("20.00"), Decimal("1.40"), Decimal("21.40"))]
    assert lines(note) == [("Book", 2, Decimal("10.70"), Decimal("21.40"), LOW)]
    assert (note.content.reason, note.content.waived, note.content.to_gift_card) == ("torn", 0, 0)
    assert paper_of(note).startswith(b"%PDF")
    assert_nothing_is_lacking()


def test_however_it_goes_back_the_papers_sum_to_the_invoice() -> None:
    bought = book_and_kettle()
    book, kettle = bought.items
    issue_what_is_due(bought.order_id)
    requests: list[tuple[list[RefundLine], Decimal]] = [
        ([RefundLine(book, 1)], Decimal("-1.00")),
        ([RefundLine(kettle, amount=Decimal("19.00"))], Decimal(0)),
        ([], Decimal("13.33")),
        ([RefundLine(book, 2), RefundLine(kettle, 1)], Decimal(0)),
    ]
    for wanted, adjustment in requests:
        refund_id = give(bought, *wanted, adjustment=adjustment)
        issue_what_is_due(bought.order_id)
        assert note_of(refund_id).content.lines
    invoice, *notes = issued_for(bought.order_id)
    for rate in invoice.content.rates:
        parts = [one for note in notes for one in note.content.rates if one.rate == rate.rate]
        assert sum(one.net for one in parts) == rate.net
        assert sum(one.tax for one in parts) == rate.tax
    # The first kept something of a unit, the second gave money back for none: neither is the price of a unit.
    assert lines(notes[0]) == [("Book", 1, Decimal(0), Decimal("9.70"), LOW)]
    assert lines(notes[1]) == [("Kettle", 0, Decimal(0), Decimal("19.00"), HIGH)]
    assert_nothing_is_lacking()


def test_money_onto_a_gift_card_has_its_paper_and_one_letter() -> None:
    bought = book_and_kettle()
    drain()
    before = len(letters())
    refund_id = give(bought, RefundLine(bought.items[1], 1), destination="gift_card")
    drain()
    note = note_of(refund_id)
    assert rates(note) == [(HIGH, Decimal("100.00"), Decimal("19.00"), Decimal("119.00"))]
    assert note.content.to_gift_card == Decimal("119.00")
    (letter,) = letters()[: len(letters()) - before]
    assert letter.subject == f"Money back for your order {bought.number}"
    as_sent = (mail_folder(current_settings()) / f"{letter.name}.eml").read_text()
    assert as_sent.count(f'filename="{note.number}.pdf"') == 1
    for text in (letter.text, letter.html):
        assert f"The credit note {note.number} for your order" in text
    issue_invoices(str(bought.order_id))
    drain()
    assert len(letters()) == before + 1
    assert_nothing_is_lacking()


def test_what_a_gift_card_had_paid_is_credited_too() -> None:
    card = make_gift_card("200.00")
    bought = book_and_kettle(gift_card=card.code, by_card="151.10")
    issue_what_is_due(bought.order_id)
    refund_id = give(bought, RefundLine(bought.items[0], 1))
    issue_what_is_due(bought.order_id)
    note = note_of(refund_id)
    assert rates(note) == [(LOW, Decimal("10.00"), Decimal("0.70"), Decimal("10.70"))]
    assert note.content.to_gift_card == Decimal("10.70")
    with transaction():
        assert session().scalar(sa.select(sa.func.count(Refund.id))) == 0
    assert_nothing_is_lacking()


def test_an_unpaid_invoice_is_lowered_on_paper() -> None:
    bought = book_and_kettle(paid=False)
    issue_what_is_due(bought.order_id)
    refund_id = give(bought, RefundLine(bought.items[1], 1))
    issue_what_is_due(bought.order_id)
    note = note_of(refund_id)
    assert (note.cause, note.content.waived) == ("refund", Decimal("119.00"))
    assert rates(note) == [(HIGH, Decimal("100.00"), Decimal("19.00"), Decimal("119.00"))]
    # What is still owed is let go of with the order; what was credited before is not again.
    cancel_order(bought.me, bought.number)
    issue_what_is_due(bought.order_id)
    assert [(one.cause, one.gross) for one in issued_for(bought.order_id)[1:]] == [
        ("refund", Decimal("119.00")),
        ("cancellation", Decimal("32.10")),
    ]
    assert_nothing_is_lacking()


def test_cancelled_before_the_refund_had_its_paper_each_still_has_its_own() -> None:
    bought = book_and_kettle(paid=False)
    issue_what_is_due(bought.order_id)
    refund_id = give(bought, RefundLine(bought.items[0], 3))
    cancel_order(bought.me, bought.number)
    assert len(issue_what_is_due(bought.order_id)) == 2
    assert rates(note_of(refund_id)) == [(LOW, Decimal("30.00"), Decimal("2.10"), Decimal("32.10"))]
    assert [one.cause for one in issued_for(bought.order_id)] == ["order", "refund", "cancellation"]


def test_a_shoppers_return_is_credited_once_with_one_letter() -> None:
    bought, _ = buy_kettles()
    deliver(bought.order_id)
    staff = staff_id()
    asked = request_return(
        bought.me,
        bought.number,
        ReturnRequest("return", [WantedLine(bought.items[0], 2, reason="damaged")]),
    )
    approve_return(staff, asked.number)
    receive_return(staff, asked.number, [bought.items[0]])
    complete_return(staff, asked.number, kept=Decimal("5.00"))
    drain()
    with transaction():
        refund_id = session().scalars(sa.select(OrderRefund.id)).one()
    note = note_of(refund_id)
    assert lines(note) == [("Kettle", 2, Decimal(0), Decimal("55.00"), HIGH)]
    assert rates(note) == [(HIGH, Decimal("46.22"), Decimal("8.78"), Decimal("55.00"))]
    assert len(letters("Money back")) == 1
    assert letters("Credit note") == []
    assert_nothing_is_lacking()


def test_a_refund_that_is_tried_again_is_not_credited_again() -> None:
    bought, _ = buy_kettles()
    issue_what_is_due(bought.order_id)
    first = give(bought, RefundLine(bought.items[0], 1))
    issue_what_is_due(bought.order_id)
    with transaction():
        session().execute(sa.update(Refund).values(status="failed"))
        session().execute(sa.update(OrderRefund).where(OrderRefund.id == first).values(status="failed"))
    second = give(bought, RefundLine(bought.items[0], 1))
    assert issue_what_is_due(bought.order_id) == []
    assert credit_note_of_refund(second) is None
    third = give(bought, RefundLine(bought.items[0], 1))
    assert len(issue_what_is_due(bought.order_id)) == 1
    assert sum(one.gross for one in issued_for(bought.order_id)[1:]) == Decimal("60.00")
    assert third != second
    assert_nothing_is_lacking()


def test_two_refunds_and_whoever_issues_give_one_paper_each(app_context: Flask) -> None:
    bought = book_and_kettle()
    issue_what_is_due(bought.order_id)
    session().rollback()

    def refund_and_issue(line: int) -> uuid.UUID:
        refund_id = give(bought, RefundLine(bought.items[line], 1))
        issue_what_is_due(bought.order_id)
        return refund_id

    people = [
        lambda: refund_and_issue(0),
        lambda: refund_and_issue(1),
        *[lambda: issue_what_is_due(bought.order_id)] * 6,
    ]
    outcomes = at_once(app_context, people)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    refunds = [one for one in outcomes if isinstance(one, uuid.UUID)]
    issue_what_is_due(bought.order_id)
    notes = issued_for(bought.order_id)[1:]
    assert {one.order_refund_id for one in notes} == set(refunds)
    assert sorted(one.gross for one in notes) == [Decimal("10.70"), Decimal("119.00")]
    assert_nothing_is_lacking()


def test_the_database_refuses_a_second_paper_and_one_for_nothing() -> None:
    bought, other = book_and_kettle(), buy_kettles()[0]
    issue_what_is_due(bought.order_id)
    refund_id = give(bought, RefundLine(bought.items[0], 1))
    elsewhere = give(other, RefundLine(other.items[0], 1))
    issue_what_is_due(bought.order_id)
    unpapered = give(bought, RefundLine(bought.items[0], 1))
    with transaction():
        row = dict(
            session()
            .execute(sa.select(Invoice.__table__).where(Invoice.order_refund_id == refund_id))
            .mappings()
            .one()
        )
        money = session().scalars(sa.select(Refund.id).where(Refund.order_refund_id == unpapered)).one()
    for name in ("id", "year", "number", "document_number", "created_at"):
        del row[name]
    by_payment = row | {"refund_id": money, "order_refund_id": None}
    cases = [
        ("uq_invoices_order_refund_id", row),
        ("tr_invoices_refund_needs_it", row | {"order_refund_id": elsewhere}),
        ("tr_invoices_refund_needs_it", by_payment),
        (
            "tr_invoices_refund_needs_it",
            row | {"order_refund_id": unpapered, "gross": Decimal("10.71"), "net": Decimal("10.01")},
        ),
        ("ck_invoices_refund_is_named", row | {"order_refund_id": None}),
        ("ck_invoices_refund_is_named", row | {"cause": "not_charged"}),
    ]
    for constraint, values in cases:
        with pytest.raises(IntegrityError) as refused, transaction():
            session().execute(sa.insert(Invoice).values(values))
        assert refused.value.orig.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_a_credit_note_that_is_not_its_refund_is_named() -> None:
    bought = book_and_kettle()
    issue_what_is_due(bought.order_id)
    give(bought, RefundLine(bought.items[0], 1))
    issue_what_is_due(bought.order_id)
    with transaction():
        session().execute(
            sa.update(OrderRefund).values(
                amount=OrderRefund.amount + 1, tax=OrderRefund.tax + Decimal("0.07")
            )
        )
    assert [(one.what, one.stored, one.computed) for one in invoice_differences()] == [
        ("credit note over its refund", Decimal("10.70"), Decimal("11.70")),
        ("tax of a refund's credit note", Decimal("0.70"), Decimal("0.77")),
    ]
