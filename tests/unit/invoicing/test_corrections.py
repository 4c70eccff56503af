"""An order that was changed after its invoice: what is no longer true is taken back, and the next paper stands."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.http.tax_tables import documents_csv
from storefront.invoicing.lacking import LOOKED_BACK, orders_lacking_documents
from storefront.invoicing.models import Invoice
from storefront.invoicing.queries import Issued, Papers, papers_of
from storefront.invoicing.report import Period, tax_report
from storefront.invoicing.services import issue_what_is_due
from storefront.invoicing.verification import invoice_differences
from storefront.jobs.outbox import drain
from storefront.orders.change_payments import waiting_payment
from storefront.orders.changeable import current_order
from storefront.orders.models import Order, OrderItem, OrderRefund
from storefront.orders.services import (
    LineChange,
    PostalAddress,
    WantedChange,
    bring_up_to_date,
    cancel_order,
    capture_payment,
    change_order,
    place_order,
    quote_change,
    refund_payment,
)
from storefront.payments.models import Refund
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.shipping.services import MethodDetails, save_method, save_tax_rate
from tests.concurrency.threads import at_once
from tests.factories.buying import (
    fill_cart,
    make_address,
    make_category,
    make_guest,
    make_product,
    make_shipping,
    order_request,
)
from tests.factories.cards import CardOrder, order_by_card, work
from tests.factories.returns import Bought, buy
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.usefixtures("card_context")
HIGH, LOW = Decimal("19.000"), Decimal("7.000")


@pytest.fixture(autouse=True)
def _shipping(card_context: Flask) -> None:
    make_shipping()


def ordered(**values: object) -> Bought:
    """A book of 10.70 at 7 per cent and a kettle of 30.00 at 19, by invoice, not paid yet: 45.60 with shipping."""
    books = make_category("Books")
    save_tax_rate("DE", Decimal(7), category_id=books)
    book = make_product("Book", "10.70", category_id=books)
    return buy("45.60", (book, 1), (make_product("Kettle", "30.00"), 1), paid=False, **values)  # type: ignore[arg-type]


def change(order: Bought | CardOrder, *quantities: tuple[int, int], **values: object) -> None:
    """Change the order: ``quantities`` by the line's position; and address, way of shipping or of paying."""
    release()
    was = current_order(Order.id == order.order_id)
    assert was is not None
    lines = {
        was.lines[place].id: LineChange(was.lines[place].product_id, number)  # type: ignore[arg-type]
        for place, number in quantities
    }
    wanted = WantedChange(was.shipping_address, was.shipping_method, was.payment_method, lines)
    wanted = replace(wanted, **values)  # type: ignore[arg-type]
    release()
    total = quote_change(order.me, order.number, wanted).after.totals.total
    release()
    change_order(order.me, order.number, wanted, total)
    release()


def papers(order: Bought | CardOrder) -> Papers:
    release()
    found = papers_of(order.order_id)
    release()
    return found


def told(documents: tuple[Issued, ...]) -> list[tuple[str, str, Decimal]]:
    return [(one.kind, one.cause, one.gross) for one in documents]


def by_rate(documents: tuple[Issued, ...]) -> dict[Decimal, tuple[Decimal, Decimal]]:
    """Gross and tax of each rate: invoices less credit notes."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for one in documents:
        sign = -1 if one.is_credit_note else 1
        for rate in one.content.rates:
            gross, tax = sums.get(rate.rate, (Decimal(0), Decimal(0)))
            sums[rate.rate] = (gross + sign * rate.gross, tax + sign * rate.tax)
    return {rate: one for rate, one in sums.items() if one != (0, 0)}


def nothing_is_lacking() -> bool:
    release()
    lacking = orders_lacking_documents(now() + timedelta(minutes=10), 10)
    with frozen(now() + timedelta(hours=2)):
        differences = invoice_differences()
    release()
    return lacking == [] and differences == []


def subjects() -> list[str]:
    return [mail.subject for mail in stored_mails(mail_folder(current_settings()))]


def test_more_units_take_the_invoice_back_and_bring_another() -> None:
    order = ordered()
    drain()
    change(order, (0, 3))
    release()
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == [order.order_id]
    release()
    made = issue_what_is_due(order.order_id)
    assert (len(made), issue_what_is_due(order.order_id)) == (2, [])
    first, second, note = papers(order).documents
    assert told((first, second, note)) == [
        ("invoice", "order", Decimal("45.60")),
        ("invoice", "change", Decimal("67.00")),
        ("credit_note", "change", Decimal("45.60")),
    ]
    assert (note.corrects_id, second.replaces_id) == (first.id, first.id)
    assert (note.content.corrects, second.content.replaces) == (first.number, first.number)
    assert [one.number[-6:] for one in (first, second, note)] == ["000001", "000002", "000001"]
    assert (note.content.lines, note.content.rates) == (first.content.lines, first.content.rates)
    assert by_rate(papers(order).documents) == {
        HIGH: (Decimal("34.90"), Decimal("5.57")),
        LOW: (Decimal("32.10"), Decimal("2.10")),
    }
    assert papers(order).invoice == second
    assert nothing_is_lacking()


def test_two_changes_before_anybody_issues_are_one_correction() -> None:
    order = ordered()
    issue_what_is_due(order.order_id)
    for number in (2, 3):
        change(order, (0, number))
    assert len(issue_what_is_due(order.order_id)) == 2
    change(order, (0, 1))
    assert len(issue_what_is_due(order.order_id)) == 2
    first, second, third, *_ = papers(order).documents
    assert (second.replaces_id, third.replaces_id, third.gross) == (first.id, second.id, Decimal("45.60"))
    assert nothing_is_lacking()


def test_a_change_before_the_invoice_needs_no_correction() -> None:
    order = ordered()
    change(order, (0, 3))
    assert len(issue_what_is_due(order.order_id)) == 1
    assert told(papers(order).documents) == [("invoice", "order", Decimal("67.00"))]
    assert nothing_is_lacking()


ELSEWHERE = make_address(line1="Am Tal 9")


@pytest.mark.parametrize(
    ("billing", "before", "after", "corrected"),
    [
        (make_address(), make_address(), ELSEWHERE, False),  # it says nothing of where the goods go
        (make_address(), ELSEWHERE, make_address(line1="Im Ried 2"), True),
        (make_address(), ELSEWHERE, make_address(), True),  # it names a place to which nothing goes any more
    ],
)
def test_another_street_is_on_paper_where_the_invoice_shows_it(
    billing: PostalAddress, before: PostalAddress, after: PostalAddress, *, corrected: bool
) -> None:
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "30.00"), 1))
    placed = place_order(guest, order_request("34.90", billing_address=billing, shipping_address=before))
    me = Identity(None, guest.session_id, frozenset({placed.order_id}))
    order = Bought(me, placed.order_id, placed.number, ())
    issue_what_is_due(order.order_id)
    change(order, shipping_address=after)
    assert len(issue_what_is_due(order.order_id)) == (2 if corrected else 0)
    shown = papers(order).invoice
    assert shown is not None
    assert (shown.content.shipping_address == after.stored()) is corrected
    assert nothing_is_lacking()


def test_another_country_is_another_states_tax_though_no_amount_differs() -> None:
    save_method(
        MethodDetails("standard-eu", "Standard", price=Decimal("4.90"), countries=["AT"], sort_order=3)
    )
    save_tax_rate("AT", Decimal(19), name="VAT")
    order = buy("34.90", (make_product("Kettle", "30.00"), 1), paid=False)
    issue_what_is_due(order.order_id)
    change(order, shipping_address=make_address("AT", city="Wien"), shipping_method="standard-eu")
    assert len(issue_what_is_due(order.order_id)) == 2
    today = Period(now().date(), now().date())
    sums = {one.country: (one.invoiced_gross, one.credited_gross, one.tax) for one in tax_report(today)}
    assert sums == {
        "AT": (Decimal("34.90"), Decimal(0), Decimal("5.57")),
        "DE": (Decimal("34.90"), Decimal("34.90"), Decimal(0)),
    }
    assert nothing_is_lacking()


def test_another_way_to_pay_later_is_another_invoice_and_a_renamed_shipping_is_none() -> None:
    order = ordered()
    issue_what_is_due(order.order_id)
    save_method(
        MethodDetails("standard", "Post", price=Decimal("4.90"), countries=["DE"], free_over=Decimal(75))
    )
    change(order, shipping_address=ELSEWHERE)
    assert issue_what_is_due(order.order_id) == []
    change(order, payment_method="on_delivery")
    assert len(issue_what_is_due(order.order_id)) == 2
    standing = papers(order).invoice
    assert standing is not None
    assert (standing.content.payment_method, standing.gross) == ("on_delivery", Decimal("45.60"))
    assert nothing_is_lacking()


@pytest.fixture
def manual(card_context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    extensions = card_context.extensions
    changed = extensions["settings"].model_copy(update={"stripe_capture": "manual"})
    monkeypatch.setitem(extensions, "settings", changed)


@pytest.mark.usefixtures("manual")
def test_an_invoice_that_a_card_pays_instead_comes_back_when_the_card_is_charged(
    stripe: StripeServer,
) -> None:
    order = ordered()
    issue_what_is_due(order.order_id)
    change(order, payment_method="stripe")
    release()
    waiting = waiting_payment(order.me, order.number)
    release()
    assert waiting is not None
    assert waiting.provider_reference
    stripe.pay(waiting.provider_reference)
    bring_up_to_date(order.order_id)
    assert [one[:2] for one in told(papers(order).documents)] == [("invoice", "order")]
    drain()
    assert told(papers(order).documents)[1:] == [("credit_note", "change", Decimal("45.60"))]
    assert (papers(order).invoice, nothing_is_lacking()) == (None, True)
    capture_payment(order.number)
    drain()
    standing = papers(order).invoice
    assert standing is not None
    assert (standing.cause, standing.content.payment_method) == ("change", "stripe")
    assert by_rate(papers(order).documents) == {
        rate.rate: (rate.gross, rate.tax) for rate in standing.content.rates
    }
    numbers = [one.number for one in papers(order).documents]
    assert [
        f"{kind} {number} for your order {order.number}" in subjects()
        for kind, number in zip(("Invoice", "Credit note"), (numbers[1], numbers[2]), strict=True)
    ] == [True, True]
    assert nothing_is_lacking()


def test_what_a_card_gets_back_for_a_change_is_no_credit_note_of_its_own(stripe: StripeServer) -> None:
    order = order_by_card()
    stripe.pay(order.intent_id)
    assert bring_up_to_date(order.order_id) == "placed"
    drain()
    change(order, (0, 1))
    work()
    drain()
    assert told(papers(order).documents) == [
        ("invoice", "order", Decimal("160.00")),
        ("invoice", "change", Decimal("80.00")),
        ("credit_note", "change", Decimal("160.00")),
    ]
    with transaction():
        back = session().execute(sa.select(Refund.amount, Refund.status, Refund.is_change)).one()
    assert tuple(back) == (Decimal("80.00"), "succeeded", True)
    refund_payment(order.number, Decimal("30.00"))
    drain()
    note = papers(order).notes[-1]
    standing = papers(order).invoice
    assert standing is not None
    assert (note.cause, note.gross, note.content.corrects) == ("refund", Decimal("30.00"), standing.number)
    assert nothing_is_lacking()


def test_one_letter_brings_both_papers() -> None:
    order = ordered()
    drain()
    before = len(subjects())
    change(order, (1, 2))
    drain()
    assert len(subjects()) == before + 2
    _first, invoice, note = papers(order).documents
    mail = next(
        one for one in stored_mails(mail_folder(current_settings())) if one.subject.startswith("Invoice")
    )
    assert mail.subject == f"Invoice {invoice.number} for your order {order.number}"
    for text in (mail.text, mail.html):
        assert "Your corrected invoice" in text
        assert f"with the credit note {note.number} that takes back" in text.replace("\n", " ")
    as_sent = (mail_folder(current_settings()) / f"{mail.name}.eml").read_text()
    for one in (invoice, note):
        assert as_sent.count(f'filename="{one.number}.pdf"') == 1


def test_cancelled_after_a_change_what_stands_is_credited() -> None:
    for issued_between in (True, False):
        order = ordered()
        issue_what_is_due(order.order_id)
        change(order, (0, 2))
        if issued_between:
            issue_what_is_due(order.order_id)
        cancel_order(order.me, order.number)
        issue_what_is_due(order.order_id)
        assert by_rate(papers(order).documents) == {}
        assert [one.cause for one in papers(order).notes] == ["cancellation"]
    assert nothing_is_lacking()


def test_a_refund_that_failed_before_the_change_does_not_hide_the_one_after_it() -> None:
    order = ordered()
    capture_payment(order.number)
    issue_what_is_due(order.order_id)
    first = refund_payment(order.number, Decimal("5.00"))
    issue_what_is_due(order.order_id)
    with transaction():
        session().execute(sa.update(Refund).values(status="failed"))
        session().execute(sa.update(OrderRefund).where(OrderRefund.id == first).values(status="failed"))
    change(order, shipping_method="standard", shipping_address=make_address(line1="Am Tal 9"))
    assert issue_what_is_due(order.order_id) == []
    with transaction():  # as a change that costs the same would: the line is another variant
        session().execute(
            sa.update(OrderItem)
            .where(OrderItem.order_id == order.order_id, OrderItem.name == "Kettle")
            .values(name="Pot")
        )
        session().execute(sa.update(Order).where(Order.id == order.order_id).values(changes_on_paper=0))
    assert len(issue_what_is_due(order.order_id)) == 2
    assert papers(order).documents[-1].gross == Decimal("40.60")
    refund_payment(order.number, Decimal("5.00"))
    assert len(issue_what_is_due(order.order_id)) == 1
    assert sum(gross for gross, _ in by_rate(papers(order).documents).values()) == Decimal("40.60")
    assert nothing_is_lacking()


def test_the_csv_sums_to_what_the_order_costs() -> None:
    order = ordered()
    for number in (2, 4, 1):
        issue_what_is_due(order.order_id)
        change(order, (0, number))
    issue_what_is_due(order.order_id)
    rows = [line.split(",") for line in documents_csv(Period(now().date(), now().date())).splitlines()[1:]]
    assert len(rows) == 14
    assert sum(Decimal(row[-1]) for row in rows) == Decimal("45.60")
    assert sum(Decimal(row[-2]) for row in rows) == Decimal("6.27")


def test_many_who_issue_at_once_correct_once(card_context: Flask) -> None:
    order = ordered()
    issue_what_is_due(order.order_id)
    change(order, (0, 3))

    class Crash(Exception):
        pass

    def die() -> None:
        with transaction():
            issue_what_is_due(order.order_id)
            raise Crash

    people: list[Callable[[], object]] = [lambda: issue_what_is_due(order.order_id), die] * 4
    outcomes = at_once(card_context, people)
    assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Crash)] == []
    assert told(papers(order).documents)[1:] == [
        ("invoice", "change", Decimal("67.00")),
        ("credit_note", "change", Decimal("45.60")),
    ]
    with transaction():
        numbers = session().scalars(
            sa.select(Invoice.number).where(Invoice.kind == "invoice").order_by(Invoice.number)
        )
        assert list(numbers) == [1, 2]
    assert nothing_is_lacking()


def test_the_database_refuses_what_must_not_be() -> None:
    order = ordered()
    issue_what_is_due(order.order_id)
    change(order, (0, 3))
    issue_what_is_due(order.order_id)
    first, second, _note = papers(order).documents
    with transaction():
        row = dict(
            session().execute(sa.select(Invoice.__table__).where(Invoice.id == second.id)).mappings().one()
        )
    for name in ("id", "year", "number", "document_number", "created_at"):
        del row[name]
    note = row | {"kind": "credit_note", "prefix": "CN", "replaces_id": None}
    less = {"net": row["net"] - 1, "gross": row["gross"] - 1}
    cases: list[tuple[str, dict[str, object]]] = [
        ("uq_invoices_replaces_id", row),
        ("tr_invoices_replaces_one_taken_back", row | {"replaces_id": second.id}),
        ("tr_invoices_replaces_one_taken_back", row | {"replaces_id": uuid.uuid4()}),
        ("ck_invoices_replacement_is_named", row | {"replaces_id": None}),
        ("ck_invoices_exchange_is_named", row | {"replaces_id": None, "cause": "exchange"}),
        ("tr_invoices_credited_within_invoiced", note | {"corrects_id": second.id} | less),
        ("tr_invoices_credited_within_invoiced", note | {"corrects_id": first.id, "cause": "cancellation"}),
        ("ck_invoices_credit_note_corrects_an_invoice", note | {"corrects_id": second.id, "cause": "order"}),
    ]
    for constraint, values in cases:
        with pytest.raises(IntegrityError) as refused, transaction():
            session().execute(sa.insert(Invoice).values(values))
        assert refused.value.orig.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_what_no_paper_followed_is_named() -> None:
    order = ordered()
    issue_what_is_due(order.order_id)
    change(order, (0, 3))
    release()
    assert invoice_differences() == []
    with frozen(now() + timedelta(hours=2)):
        found = invoice_differences()
    assert [(one.name, one.what, one.stored, one.computed) for one in found] == [
        (order.number, "changes on paper", Decimal(0), Decimal(1))
    ]
    with frozen(now() + LOOKED_BACK):
        assert (invoice_differences(), orders_lacking_documents(now(), 10)) == ([], []), (
            "nobody looks any more"
        )
    with transaction():  # an order whose amounts moved behind its papers' back
        session().execute(sa.update(Order).where(Order.id == order.order_id).values(changes_on_paper=1))
    assert [one.what for one in invoice_differences()] == ["invoice over the order's total"]
