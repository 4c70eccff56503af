"""A dearer exchange: its difference invoiced beside the order, paid by card or later, given back when it ends."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.core.errors import NotFound
from storefront.core.outbox import OutboxEntry
from storefront.core.settings import current_settings
from storefront.http.order_words import words_for
from storefront.http.paper_words import letter_words, paper_list
from storefront.inventory.queries import stock_differences
from storefront.invoicing.lacking import orders_lacking_documents
from storefront.invoicing.queries import Papers, papers_of
from storefront.invoicing.services import issue_what_is_due
from storefront.invoicing.verification import invoice_differences
from storefront.jobs.outbox import drain
from storefront.orders.models import Order
from storefront.orders.queries import order_page
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order
from storefront.orders.services import bring_up_to_date, process_event, reconcile_payments
from storefront.orders.verification import order_differences
from storefront.payments.events import keep_event
from storefront.payments.models import Payment, Refund, WebhookEvent
from storefront.payments.queries import payment_row, payments_of
from storefront.payments.services import BESIDE
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.providers.payment_provider import PaymentProviderFailure, ProviderEvent
from storefront.returns.errors import DifferenceUnpaid, RefundUnderWay, ReturnChangedMeanwhile, ReturnRefused
from storefront.returns.queries import staff_return
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    begin_difference,
    close_unreceived,
    have_it_paid_later,
    pay_later,
    receive_return,
    request_return,
    settle_difference,
    ship_replacement,
    waiting_difference,
)
from storefront.returns.verification import return_differences
from tests.concurrency.threads import at_once
from tests.factories.buying import make_guest, make_shipping
from tests.factories.cards import work
from tests.factories.promotions import balance_of, make_gift_card
from tests.factories.returns import Bought, buy, deliver, kettle_sizes, staff_id
from tests.stripe_server import DECLINED, NEEDS_3D_SECURE, StripeServer

pytestmark = pytest.mark.usefixtures("card_context")
HIGH = Decimal("19.000")


@pytest.fixture(autouse=True)
def _shipping(card_context: Flask) -> None:
    make_shipping()


@pytest.fixture
def staff(card_context: Flask) -> uuid.UUID:
    return staff_id()


def exchanged(
    staff: uuid.UUID, method: str = "stripe", units: int = 1, *, gift_card: str = "", by_card: str = "0"
) -> tuple[Bought, str]:
    """Three kettles of 30.00 have arrived, ``units`` are to be exchanged for such of 36.00; staff have agreed."""
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3), gift_card=gift_card, by_card=by_card)
    deliver(bought.order_id)
    wanted = [WantedLine(bought.items[0], units, "too_small", replacement_id=sizes[2])]
    number = request_return(
        bought.me, bought.number, ReturnRequest("exchange", wanted, payment_method=method)
    ).number
    approve_return(staff, number)
    release()
    return bought, number


def begun(bought: Bought, number: str) -> tuple[uuid.UUID, str]:
    """The payment that the shopper's button begins, and its name at the provider."""
    begin_difference(bought.me, number)
    release()
    payment = waiting_difference(bought.me, number)
    release()
    assert payment is not None
    assert payment.provider_reference
    return payment.id, payment.provider_reference


def charged(staff: uuid.UUID, stripe: StripeServer) -> tuple[Bought, str, str]:
    """The order, its exchange, and the name of the payment by which the difference was paid."""
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.pay(intent)
    assert settle_difference(payment_id) == "paid"
    release()
    return bought, number, intent


def papers(bought: Bought) -> Papers:
    release()
    issue_what_is_due(bought.order_id)
    release()
    found = papers_of(bought.order_id)
    release()
    return found


def told(found: Papers) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(one.kind, one.cause, one.gross, one.content.tax) for one in found.documents]


def counted(bought: Bought) -> tuple[Decimal, Decimal]:
    release()
    row = session().execute(
        sa.select(Order.exchange_amount, Order.exchange_tax).where(Order.id == bought.order_id)
    )
    found = row.one()
    release()
    return found.exchange_amount, found.exchange_tax


def assert_books_balance() -> None:
    release()
    for differences in (stock_differences, order_differences, return_differences, invoice_differences):
        assert differences() == []
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == []
    release()


ORDERED = ("invoice", "order", Decimal("90.00"), Decimal("14.37"))
ON_TOP = ("invoice", "exchange", Decimal("6.00"), Decimal("0.96"))


def test_what_is_paid_later_is_invoiced_when_staff_agree(staff: uuid.UUID) -> None:
    bought, number = exchanged(staff, "invoice")
    release()
    assert orders_lacking_documents(now() + timedelta(minutes=10), 10) == [bought.order_id]
    found = papers(bought)
    assert told(found) == [ORDERED, ON_TOP]
    content = found.exchanges[0].content
    (line,) = content.lines
    assert (line.name, line.instead_of, line.quantity, line.unit_price, line.amount) == (
        "Kettle, size 3",
        "Kettle, size 1",
        1,
        Decimal("6.00"),
        Decimal("6.00"),
    )
    assert (content.exchange, content.payment_method, content.is_paid) == (number, "invoice", False)
    assert_books_balance()


def test_a_refund_of_the_exchanged_line_corrects_both_invoices(staff: uuid.UUID) -> None:
    bought, number = exchanged(staff, "invoice", units=3)
    issue_what_is_due(bought.order_id)
    refund_order(staff, bought.number, RefundRequest(lines=[RefundLine(bought.items[0], 3)]))
    found = papers(bought)
    assert told(found) == [
        ORDERED,
        ("invoice", "exchange", Decimal("18.00"), Decimal("2.87")),
        ("credit_note", "refund", Decimal("108.00"), Decimal("17.24")),
    ]
    note, beside = found.notes[0].content, found.exchanges[0]
    assert (note.corrects, [one for one, _ in note.also_corrects]) == (
        found.documents[0].number,
        [beside.number],
    )
    assert note.waived == Decimal("18.00")
    _heading, sentence = letter_words(found.notes, bought.number)
    assert sentence.endswith(f"It corrects the invoices {note.corrects} and {beside.number}.")
    assert [one.note for one in paper_list(found.documents)] == [
        "",
        f"for the exchange {number}",
        f"corrects {note.corrects} and {beside.number}",
    ]
    assert_books_balance()


def test_a_cheaper_line_of_the_same_exchange_lowers_its_invoice(staff: uuid.UUID) -> None:
    sizes, others = kettle_sizes(), kettle_sizes()
    bought = buy("120.00", (sizes[0], 2), (others[1], 2))
    deliver(bought.order_id)
    wanted = [
        WantedLine(bought.items[0], 2, "too_small", replacement_id=sizes[2]),
        WantedLine(bought.items[1], 1, "too_large", replacement_id=others[3]),
    ]
    number = request_return(
        bought.me, bought.number, ReturnRequest("exchange", wanted, payment_method="invoice")
    ).number
    approve_return(staff, number)
    (invoice,) = papers(bought).exchanges
    assert [(line.amount, line.unit_price) for line in invoice.content.lines] == [
        (Decimal("7.00"), Decimal("3.50"))
    ]
    assert invoice.content.reductions == (("Kettle, size 4", Decimal("5.00")),)
    assert counted(bought) == (Decimal("7.00"), Decimal("1.12"))
    assert_books_balance()


def test_an_exchange_that_ends_is_credited_for_all_it_asked_for_beside_goodwill(staff: uuid.UUID) -> None:
    bought, number = exchanged(staff, "invoice")
    refund_order(staff, bought.number, RefundRequest(adjustment=Decimal("2.00")))
    close_unreceived(staff, number)
    found = papers(bought)
    assert [one[:3] for one in told(found)[1:]] == [
        ("invoice", "exchange", Decimal("6.00")),
        ("credit_note", "refund", Decimal("2.00")),
        ("credit_note", "refund", Decimal("6.00")),
    ]
    assert found.notes[1].content.reason == f"Exchange {number}"
    assert_books_balance()


def test_a_card_pays_the_difference_and_the_replacement_waits_for_it(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number = exchanged(staff)
    receive_return(staff, number, [bought.items[0]])
    with pytest.raises(DifferenceUnpaid):
        ship_replacement(staff, number, "Post", "1")
    assert (counted(bought), [one[1] for one in told(papers(bought))]) == ((0, 0), ["order"])
    payment_id, intent = begun(bought, number)
    assert begun(bought, number) == (payment_id, intent)
    (asked,) = stripe.asked_for("/v1/payment_intents")
    assert (asked.form["amount"], asked.form["capture_method"]) == ("600", "automatic")
    assert settle_difference(payment_id) == "waiting"
    stripe.pay(intent)
    assert settle_difference(payment_id) == "paid"
    assert settle_difference(payment_id) == "paid"
    assert counted(bought) == (Decimal("6.00"), Decimal("0.96"))
    found = papers(bought)
    assert told(found) == [ORDERED, ON_TOP]
    assert (found.exchanges[0].content.payment_method, found.exchanges[0].content.is_paid) == ("stripe", True)
    ship_replacement(staff, number, "Post", "1")
    assert staff_return(number).status == "completed"
    with pytest.raises(ReturnChangedMeanwhile):
        begin_difference(bought.me, number)
    assert_books_balance()


def test_three_d_secure_declined_and_tried_again(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.pay(intent, DECLINED)
    assert settle_difference(payment_id) == "declined"
    stripe.pay(intent, NEEDS_3D_SECURE)
    assert settle_difference(payment_id) == "waiting"
    stripe.authenticate(intent)
    assert settle_difference(payment_id) == "paid"
    assert stripe.intent(intent)["status"] == "succeeded"
    assert len(stripe.asked_for("/v1/payment_intents")) == 1


def test_webhook_and_return_page_at_once_count_it_once(
    card_context: Flask, staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.pay(intent)
    keep_event("stripe", ProviderEvent("evt_paid", "payment_intent.succeeded", intent, str(payment_id)))
    with transaction():
        event_id = session().scalars(sa.select(WebhookEvent.id)).one()

    def webhook() -> None:
        process_event(event_id)
        release()
        work()

    people = [webhook, lambda: settle_difference(payment_id)] * 3
    outcomes = at_once(card_context, people)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert counted(bought) == (Decimal("6.00"), Decimal("0.96"))
    assert told(papers(bought)) == [ORDERED, ON_TOP]
    assert_books_balance()


def test_paid_and_nobody_came_back_the_job_asks(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number = exchanged(staff)
    _payment_id, intent = begun(bought, number)
    stripe.pay(intent)
    with frozen(now() + timedelta(hours=1)):
        assert reconcile_payments()["payments"] == 1
        work()
    assert staff_return(number).is_charged
    assert counted(bought)[0] == Decimal("6.00")


def test_a_process_that_died_after_it_asked_is_found_by_the_job(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    with transaction():
        session().execute(sa.update(Payment).where(Payment.id == payment_id).values(provider_reference=None))
    stripe.pay(intent)
    with frozen(now() + timedelta(hours=1)):
        reconcile_payments()
        work()
    assert (payment_row(payment_id).provider_reference, counted(bought)[0]) == (intent, Decimal("6.00"))


def test_while_the_provider_is_away_one_entry_asks_for_it(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    asked = sa.select(Payment.updated_at).where(Payment.id == payment_id)
    tried = sa.select(OutboxEntry.attempts).where(OutboxEntry.kind == BESIDE, OutboxEntry.done_at.is_(None))
    before = session().scalars(asked).one()
    release()
    for hour in (1, 2):
        stripe.fail_next(f"/v1/payment_intents/{intent}", status=400)
        with frozen(now() + timedelta(hours=hour)):
            reconcile_payments()
            release()
            assert session().scalars(asked).one() > before, "others come first next time"
            work()
        assert session().scalars(tried).all() == [hour]
        release()
    stripe.pay(intent)
    with frozen(now() + timedelta(hours=2, seconds=1)):  # long before the entry's own pause is over
        bring_up_to_date(bought.order_id)
        work()
    assert session().scalars(tried).all() == []
    assert counted(bought)[0] == Decimal("6.00")


def test_what_nobody_pays_is_let_go_of_and_can_be_begun_again(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number = exchanged(staff)
    _first, intent = begun(bought, number)
    with frozen(now() + timedelta(hours=1)):
        reconcile_payments()
        work()
        assert_told_of_lapse(bought, number, times=1)
    assert stripe.intent(intent)["status"] == "canceled"
    release()
    assert waiting_difference(bought.me, number) is None
    payment_id, second = begun(bought, number)
    assert second != intent
    stripe.pay(second)
    assert settle_difference(payment_id) == "paid"


def test_what_was_ended_at_the_provider_is_told_unless_it_is_begun_again(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.call("POST", f"/v1/payment_intents/{intent}/cancel")
    assert settle_difference(payment_id) == "ended"
    payment_id, intent = begun(bought, number)
    assert_told_of_lapse(bought, number, times=0)
    stripe.call("POST", f"/v1/payment_intents/{intent}/cancel")
    assert settle_difference(payment_id) == "ended"
    assert_told_of_lapse(bought, number, times=1)


def assert_told_of_lapse(bought: Bought, number: str, *, times: int) -> None:
    """A line of the timeline, and so many letters with the way to the order."""
    release()
    drain()
    release()
    label = "Payment of the exchange's difference not completed"
    page = order_page(bought.me, bought.number)
    assert label in [step.label for step in words_for(page).steps]
    subject = f"Your payment for the exchange {number} was not completed"
    letters = [one for one in stored_mails(mail_folder(current_settings())) if one.subject == subject]
    assert len(letters) == times
    for letter in letters:
        for text in (letter.text, letter.html):
            words = " ".join(text.split())
            assert "Nothing was charged. Your exchange goes on" in words
            assert "You may also pay it another way than by card." in words
            assert "costs €6.00 more. How it is paid: Card." in words
            assert f"/orders/find?number={bought.number}" in words


def test_closed_while_the_card_pays_the_money_goes_back(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.pay(intent)
    close_unreceived(staff, number)
    release()
    assert settle_difference(payment_id) == "ended"
    work()
    assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    assert counted(bought) == (0, 0)
    bring_up_to_date(bought.order_id)
    release()
    assert told(papers(bought)) == [ORDERED]
    assert_books_balance()


def test_closed_after_the_card_had_paid_the_money_goes_back_with_its_paper(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number, intent = charged(staff, stripe)
    close_unreceived(staff, number)
    assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    assert [one[:3] for one in told(papers(bought))[1:]] == [
        ("invoice", "exchange", Decimal("6.00")),
        ("credit_note", "refund", Decimal("6.00")),
    ]
    assert_books_balance()


@pytest.mark.parametrize("method", ["invoice", "stripe"])
def test_a_gift_card_gets_nothing_of_a_difference_that_it_did_not_pay(
    staff: uuid.UUID, stripe: StripeServer, method: str
) -> None:
    gift = make_gift_card("40.00")
    bought, number = exchanged(staff, method, gift_card=gift.code, by_card="40.00")
    if method == "stripe":
        payment_id, intent = begun(bought, number)
        stripe.pay(intent)
        assert settle_difference(payment_id) == "paid"
        release()
    close_unreceived(staff, number)
    if method == "stripe":
        assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    release()
    assert payments_of(bought.order_id)[-1].refundable == 0, "neither owed nor kept"
    assert balance_of(gift)[0] == 0
    papers(bought)
    assert_books_balance()


def test_goodwill_does_not_go_with_a_difference_that_was_paid(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number, intent = charged(staff, stripe)
    refund_order(staff, bought.number, RefundRequest(adjustment=Decimal("2.00")))
    release()
    assert stripe.refunds(intent) == [], "the order's own payment gives it"
    close_unreceived(staff, number)
    assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    papers(bought)
    assert_books_balance()


def test_it_is_not_closed_while_a_refund_that_counts_on_it_may_fail(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number, intent = charged(staff, stripe)
    stripe.fail_next("/v1/refunds", times=3)
    with pytest.raises(PaymentProviderFailure):
        refund_order(staff, bought.number, RefundRequest(lines=[RefundLine(bought.items[0], 3)]))
    release()
    with pytest.raises(RefundUnderWay):
        close_unreceived(staff, number)
    assert staff_return(number).status == "approved"
    release()
    with frozen(now() + timedelta(hours=1)):
        reconcile_payments()
    release()
    close_unreceived(staff, number)
    assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    papers(bought)
    assert_books_balance()


def test_closed_while_the_provider_is_away_the_job_gives_it_back(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.pay(intent)
    settle_difference(payment_id)
    release()
    stripe.fail_next("/v1/refunds", times=3)
    with pytest.raises(PaymentProviderFailure):
        close_unreceived(staff, number)
    release()
    assert staff_return(number).status == "cancelled"
    assert session().scalars(sa.select(Refund.status)).all() == ["pending"]
    with frozen(now() + timedelta(hours=1)):
        reconcile_payments()
    assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    papers(bought)
    assert_books_balance()


def test_another_amount_than_was_asked_for_buys_nothing(staff: uuid.UUID, stripe: StripeServer) -> None:
    bought, number = exchanged(staff)
    payment_id, intent = begun(bought, number)
    stripe.call("POST", f"/v1/payment_intents/{intent}", amount="100")
    stripe.pay(intent)
    assert settle_difference(payment_id) == "ended"
    work()
    assert [one["amount"] for one in stripe.refunds(intent)] == [100]
    assert told(papers(bought)) == [ORDERED]
    assert staff_return(number).awaits_card
    assert_books_balance()


def test_paid_by_card_after_it_was_to_be_paid_later_says_why_it_goes_back(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    bought, number = exchanged(staff)
    _payment_id, intent = begun(bought, number)
    stripe.pay(intent)
    pay_later(bought.me, number, "invoice")
    work()
    assert [one["amount"] for one in stripe.refunds(intent)] == [600]
    assert session().scalars(sa.select(Refund.reason)).all() == ["paid another way"]
    release()


def test_paid_later_after_all_by_the_shopper_or_by_staff(staff: uuid.UUID, stripe: StripeServer) -> None:
    for act in (
        lambda bought, number: pay_later(bought.me, number, "invoice"),
        lambda bought, number: have_it_paid_later(staff, number, "on_delivery"),
    ):
        bought, number = exchanged(staff)
        _payment_id, intent = begun(bought, number)
        with pytest.raises(ReturnRefused):
            pay_later(bought.me, number, "stripe")
        act(bought, number)
        work()
        assert stripe.intent(intent)["status"] == "canceled"
        with pytest.raises(ReturnChangedMeanwhile):
            act(bought, number)
        assert counted(bought)[0] == Decimal("6.00")
        assert told(papers(bought)) == [ORDERED, ON_TOP]
    assert_books_balance()


def test_an_amount_on_top_that_no_exchange_explains_is_named(staff: uuid.UUID) -> None:
    bought, _number = exchanged(staff, "invoice")
    with transaction():
        session().execute(
            sa.update(Order).where(Order.id == bought.order_id).values(exchange_amount=Decimal("7.00"))
        )
    assert [(one.what, one.stored, one.computed) for one in return_differences()] == [
        ("cents paid for exchanges on top", 700, 600)
    ]


def test_nobody_elses_exchange_is_paid(staff: uuid.UUID) -> None:
    _bought, number = exchanged(staff)
    stranger = make_guest()
    with pytest.raises(NotFound):
        begin_difference(stranger, number)
    with pytest.raises(NotFound):
        pay_later(stranger, number, "invoice")
    with pytest.raises(NotFound):
        waiting_difference(stranger, number)
