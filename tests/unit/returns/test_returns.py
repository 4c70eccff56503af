"""Goods that come back: within the window, never more than arrived, for money or for another size, once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotAllowed, NotFound
from storefront.core.identity import ANONYMOUS
from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.http.return_words import step_words
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.models import StockReservation
from storefront.inventory.services import adjust_stock
from storefront.jobs.outbox import drain
from storefront.orders.models import Order, OrderItem, OrderRefund
from storefront.orders.queries_for_refunds import order_refunds, refundable
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, promise_refund, refund_order
from storefront.orders.services import ParcelRequest, close_order, mark_delivered, ship_parcel
from storefront.orders.verification import order_differences
from storefront.payments.queries import payments_of
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.returns.errors import (
    DifferenceChanged,
    NotReturnable,
    ReturnChangedMeanwhile,
    ReturnRefused,
)
from storefront.returns.models import Return
from storefront.returns.queries import return_page, returnable, returns_of, staff_return, staff_returns
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    close_unreceived,
    complete_return,
    open_return,
    receive_return,
    record_difference_paid,
    refuse_return,
    request_return,
    settle_returns,
    ship_replacement,
    withdraw_return,
)
from storefront.returns.verification import return_differences
from tests.concurrency.threads import at_once
from tests.factories.buying import Stock, change_product, make_shipping, stock_of
from tests.factories.parcels import assert_books_balance
from tests.factories.returns import Bought, buy, buy_kettles, deliver, kettle_sizes, staff_id

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _shipping(app_context: Flask) -> None:
    make_shipping()


@pytest.fixture
def staff(app_context: Flask) -> uuid.UUID:
    return staff_id()


def delivered(units: int = 3, *, paid: bool = True) -> tuple[Bought, uuid.UUID]:
    bought, kettle = buy_kettles(units, paid=paid)
    deliver(bought.order_id)
    return bought, kettle


def line(bought: Bought, quantity: int = 1, replacement: uuid.UUID | None = None) -> WantedLine:
    return WantedLine(bought.items[0], quantity, "damaged", replacement_id=replacement)


def ask(bought: Bought, quantity: int = 1, **values: object) -> str:
    request = ReturnRequest("return", [line(bought, quantity)], **values)  # type: ignore[arg-type]
    return request_return(bought.me, bought.number, request).number


def exchange(bought: Bought, replacement: uuid.UUID, quantity: int = 1, **values: object) -> str:
    wanted = [line(bought, quantity, replacement)]
    request = ReturnRequest("exchange", wanted, **values)  # type: ignore[arg-type]
    return request_return(bought.me, bought.number, request).number


def dearer_exchange(staff: uuid.UUID) -> tuple[Bought, str]:
    """Three kettles of 30.00 have arrived, one is to be exchanged for one of 36.00, on invoice; staff have agreed."""
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    number = exchange(bought, sizes[2], payment_method="invoice")
    approve_return(staff, number)
    return bought, number


def subjects() -> list[str]:
    drain()
    return [mail.subject for mail in reversed(stored_mails(mail_folder(current_settings())))]


def test_from_asking_to_the_money_back_with_a_letter_for_each_step(staff: uuid.UUID) -> None:
    bought, kettle = delivered()
    number = ask(bought, 2, note="the lid")
    assert number == f"{bought.number}-R1"
    approve_return(staff, number)
    assert stock_of(kettle) == Stock(17, 0)
    receive_return(staff, number, [bought.items[0]])
    assert stock_of(kettle) == Stock(19, 0)
    complete_return(staff, number)
    one = return_page(bought.me, number)
    assert (one.status, one.closed_at is not None) == ("completed", True)
    refund = order_refunds(bought.order_id)[0]
    assert (refund.amount, refund.status, refund.reason) == (
        Decimal("60.00"),
        "succeeded",
        f"Return {number}",
    )
    assert {
        f"We have your return {number}",
        f"Please send your return {number}",
        f"Your return {number} is here",
    } | {
        f"Your return {number} is done",
        f"Money back for your order {bought.number}",
    } <= set(subjects())
    kinds = sa.text(
        "SELECT kind FROM order_events WHERE order_id = :id AND kind LIKE 'return%' ORDER BY created_at"
    )
    told = list(session().scalars(kinds.bindparams(id=bought.order_id)))
    assert told == ["return_requested", "return_approved", "return_received", "return_completed"]
    assert_books_balance()


def test_all_of_a_closed_order_that_was_sent_is_all_of_it(staff: uuid.UUID) -> None:
    bought, _kettle = buy_kettles(3)
    sent = ship_parcel(staff, bought.number, ParcelRequest({bought.items[0]: 2}))
    close_order(staff, bought.number)
    mark_delivered(staff, bought.number, sent.shipment_id)
    number = ask(bought, 2)
    approve_return(staff, number)
    receive_return(staff, number, bought.items)
    complete_return(staff, number)
    state = session().execute(
        sa.select(Order.fulfilment_status, Order.payment_status).where(Order.id == bought.order_id)
    )
    assert tuple(state.one()) == ("returned", "refunded")
    assert_books_balance()


def test_what_was_kept_for_wear_and_shipping_that_is_due(staff: uuid.UUID) -> None:
    kettle = kettle_sizes()[0]
    bought = buy("64.90", (kettle, 2))
    deliver(bought.order_id)
    number = ask(bought, 2)
    approve_return(staff, number)
    receive_return(staff, number, [])
    complete_return(staff, number, kept=Decimal("4.00"), shipping=Decimal("4.90"))
    assert order_refunds(bought.order_id)[0].amount == Decimal("60.90")
    assert stock_of(kettle) == Stock(8, 0), "not for sale any more"
    state = session().scalar(sa.select(Order.fulfilment_status).where(Order.id == bought.order_id))
    assert state == "returned"
    assert_books_balance()


def test_money_onto_a_gift_card_as_the_shopper_chose(staff: uuid.UUID) -> None:
    bought, _kettle = delivered()
    number = ask(bought, 1, payment_method="gift_card")
    approve_return(staff, number)
    receive_return(staff, number, [])
    complete_return(staff, number)
    refund = order_refunds(bought.order_id)[0]
    assert (refund.destination, refund.gift_card_id is not None) == ("gift_card", True)
    assert_books_balance()


def test_what_was_given_back_by_hand_meanwhile_does_not_go_back_again(staff: uuid.UUID) -> None:
    bought, _kettle = delivered()
    number = ask(bought, 3)
    approve_return(staff, number)
    refund_order(staff, bought.number, RefundRequest(lines=[RefundLine(bought.items[0], 2)]))
    receive_return(staff, number, [bought.items[0]])
    complete_return(staff, number)
    assert [one.amount for one in order_refunds(bought.order_id)] == [Decimal("60.00"), Decimal("30.00")]
    assert_books_balance()


def test_nothing_left_to_give_back_closes_it_without_money(staff: uuid.UUID) -> None:
    bought, _kettle = delivered()
    number = ask(bought, 3)
    approve_return(staff, number)
    refund_order(staff, bought.number, RefundRequest(lines=[RefundLine(bought.items[0], 3)]))
    receive_return(staff, number, [])
    complete_return(staff, number)
    assert staff_return(number).status == "completed"
    assert len(order_refunds(bought.order_id)) == 1


def test_an_order_that_is_not_paid_yet_is_asked_for_less(staff: uuid.UUID) -> None:
    bought, _kettle = delivered(paid=False)
    number = ask(bought, 1)
    approve_return(staff, number)
    receive_return(staff, number, [])
    complete_return(staff, number)
    assert [payment.amount for payment in payments_of(bought.order_id)] == [Decimal("60.00")]
    assert_books_balance()


def test_only_their_own_only_what_arrived_only_in_time() -> None:
    bought, _kettle = buy_kettles()
    with pytest.raises(NotReturnable):
        ask(bought)
    deliver(bought.order_id)
    request = ReturnRequest("return", [line(bought)])
    for stranger in (ANONYMOUS, buy_kettles()[0].me):
        with pytest.raises(NotFound):
            request_return(stranger, bought.number, request)
    days = current_settings().return_days
    with frozen(now() + timedelta(days=days, minutes=1)), pytest.raises(NotReturnable) as refusal:
        ask(bought)
    assert refusal.value.until is not None
    with frozen(now() + timedelta(days=days - 1)):
        ask(bought)


def test_the_window_opens_with_the_parcel() -> None:
    bought, _kettle = buy_kettles()
    deliver(bought.order_id, at=now() - timedelta(days=31))
    with pytest.raises(NotReturnable):
        ask(bought)


def test_staff_open_one_after_the_window(staff: uuid.UUID) -> None:
    bought, _kettle = buy_kettles()
    deliver(bought.order_id, at=now() - timedelta(days=90))
    asked = open_return(staff, bought.number, ReturnRequest("return", [line(bought, 2)]))
    assert staff_return(asked.number).quantity == 2
    with pytest.raises(NotAllowed):
        open_return(staff_id("catalog_editor"), bought.number, ReturnRequest("return", [line(bought)]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": 0}, "units"),
        ({"quantity": 4}, "units"),
        ({"quantity": -1}, "units"),
        ({"reason": "because"}, "reason"),
        ({"item_id": uuid.UUID(int=7)}, "line"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], reason: str) -> None:
    bought, _kettle = delivered()
    values = {"item_id": bought.items[0], "quantity": 1, "reason": "damaged"} | change
    wanted = WantedLine(**values)  # type: ignore[arg-type]
    with pytest.raises(ReturnRefused) as refusal:
        request_return(bought.me, bought.number, ReturnRequest("return", [wanted]))
    assert refusal.value.reason == reason
    for request in (ReturnRequest("return", []), ReturnRequest("return", [line(bought)] * 2)):
        with pytest.raises(ReturnRefused):
            request_return(bought.me, bought.number, request)
    with pytest.raises(ReturnRefused) as refusal:
        ask(bought, payment_method="invoice")
    assert refusal.value.reason == "method"
    assert returns_of(bought.order_id) == []


def test_withdrawn_or_refused_it_can_be_asked_for_again(staff: uuid.UUID) -> None:
    bought, _kettle = delivered()
    first = ask(bought, 3)
    with pytest.raises(NotReturnable):
        ask(bought, 1)
    with pytest.raises(NotFound):
        withdraw_return(ANONYMOUS, first)
    withdraw_return(bought.me, first)
    second = ask(bought, 3)
    refuse_return(staff, second, "worn")
    assert staff_return(second).refusal == "worn"
    third = ask(bought, 3)
    approve_return(staff, third)
    with pytest.raises(ReturnChangedMeanwhile):
        withdraw_return(bought.me, third)
    close_unreceived(staff, third)
    assert ask(bought, 3) == f"{bought.number}-R4"
    assert_books_balance()


def test_a_letter_promises_goods_to_come_back_only_while_they_may(staff: uuid.UUID) -> None:
    bought, _kettle = delivered()
    number = ask(bought, 3)
    subjects()
    refuse_return(staff, number, "worn")
    subjects()
    letters = [one.html for one in stored_mails(mail_folder(current_settings())) if number in one.subject]
    [asked] = [html for html in letters if "What comes back" in html]
    [refused] = [html for html in letters if "What was to come back" in html]
    assert ("worn" in asked, "worn" in refused) == (False, True)
    second = ask(bought, 3)
    approve_return(staff, second)
    receive_return(staff, second, [])
    complete_return(staff, second)
    subjects()
    letters = [one for one in stored_mails(mail_folder(current_settings())) if second in one.subject]
    headed = {
        one.subject.split(" return ")[0]: one.text.split(":\n")[0].rpartition("\n")[2] for one in letters
    }
    assert headed == {
        "We have your": "What comes back",
        "Please send your": "What comes back",
        "Your": "What came back",
    }
    assert all(headed[one.subject.split(" return ")[0]] in one.html for one in letters)


@pytest.mark.parametrize(
    ("step", "before"),
    [
        (approve_return, "approved"),
        (partial(refuse_return, refusal="no"), "approved"),
        (partial(receive_return, restocked=[]), "requested"),
        (complete_return, "approved"),
        (partial(ship_replacement, carrier="", tracking_number=""), "approved"),
        (close_unreceived, "requested"),
        (record_difference_paid, "approved"),
    ],
)
def test_a_step_out_of_turn_is_refused(
    staff: uuid.UUID, step: Callable[[uuid.UUID, str], None], before: str
) -> None:
    bought, _kettle = delivered()
    number = ask(bought)
    if before == "approved":
        approve_return(staff, number)
    with pytest.raises(ReturnChangedMeanwhile):
        step(staff, number)
    assert staff_return(number).status == before


def test_another_size_at_the_same_price_is_held_and_sent(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    number = exchange(bought, sizes[1], 2, expected_difference=ZERO)
    assert stock_of(sizes[1]) == Stock(10, 0)
    approve_return(staff, number)
    assert stock_of(sizes[1]) == Stock(10, 2), "held for them, without an end"
    receive_return(staff, number, bought.items)
    with pytest.raises(ReturnChangedMeanwhile):
        complete_return(staff, number)
    ship_replacement(staff, number, "DHL", "T123")
    assert (stock_of(sizes[0]), stock_of(sizes[1])) == (Stock(9, 0), Stock(8, 0))
    one = return_page(bought.me, number)
    assert (one.status, one.tracking_number) == ("completed", "T123")
    assert order_refunds(bought.order_id) == []
    assert_books_balance()


def test_a_dearer_replacement_is_paid_and_can_be_given_back(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    with pytest.raises(ReturnRefused):
        exchange(bought, sizes[2])
    number = exchange(bought, sizes[2], payment_method="invoice", expected_difference=Decimal("6.00"))
    approve_return(staff, number)
    assert [(one.amount, one.status) for one in payments_of(bought.order_id)] == [
        (Decimal("90.00"), "captured"),
        (Decimal("6.00"), "authorised"),
    ]
    record_difference_paid(staff, number)
    receive_return(staff, number, [])
    ship_replacement(staff, number, "DHL", "T1")
    left = refundable(bought.number)
    assert (left.at_most, left.lines[0].left.amount) == (Decimal("96.00"), Decimal("96.00"))
    assert left.lines[0].left.tax == Decimal("15.33"), "14.37 and 0.96 of the difference"
    refund_order(staff, bought.number, RefundRequest(lines=[RefundLine(bought.items[0], 3)]))
    assert refundable(bought.number).at_most == 0
    assert_books_balance()


def test_a_cheaper_replacement_gives_the_difference_back(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    number = exchange(bought, sizes[3], 2, expected_difference=Decimal("-10.00"))
    approve_return(staff, number)
    receive_return(staff, number, [])
    ship_replacement(staff, number, "DHL", "T1")
    [refund] = order_refunds(bought.order_id)
    assert (refund.amount, refund.parts[0].quantity) == (Decimal("10.00"), 0)
    assert refundable(bought.number).lines[0].left.amount == Decimal("80.00")
    assert staff_return(number).status == "completed"
    assert_books_balance()


def test_what_the_page_said_is_what_is_charged(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    change_product(sizes[2], price=Decimal("37.00"))
    with pytest.raises(DifferenceChanged) as refusal:
        exchange(bought, sizes[2], payment_method="invoice", expected_difference=Decimal("6.00"))
    assert (refusal.value.was, refusal.value.now) == (Decimal("6.00"), Decimal("7.00"))
    number = exchange(bought, sizes[2], payment_method="invoice", expected_difference=Decimal("7.00"))
    change_product(sizes[2], price=Decimal("40.00"))
    approve_return(staff, number)
    assert staff_return(number).price_difference == Decimal("7.00"), (
        "a price that rises later changes nothing"
    )


def test_other_products_sold_out_and_unknown_ones_are_no_replacement(staff: uuid.UUID) -> None:
    sizes, other = kettle_sizes(), kettle_sizes()[0]
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    with transaction():
        adjust_stock(sizes[1], -10)
    for wrong in (other, sizes[0], sizes[1], uuid.uuid4()):
        with pytest.raises(ReturnRefused) as refusal:
            exchange(bought, wrong)
        assert refusal.value.reason == "replacement"
    number = exchange(bought, sizes[2], payment_method="invoice")
    with transaction():
        adjust_stock(sizes[2], -10)
    with pytest.raises(InsufficientStock):
        approve_return(staff, number)
    assert staff_return(number).status == "requested"
    assert_books_balance()


def test_a_replacement_is_not_offered_on_back_order(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    change_product(sizes[1], backorder_limit=5)
    with transaction():
        adjust_stock(sizes[1], -9)
    with pytest.raises(ReturnRefused) as refusal:
        exchange(bought, sizes[1], 2)
    assert (refusal.value.reason, refusal.value.left) == ("replacement", 1)
    approve_return(staff, exchange(bought, sizes[1], 1))


def test_goodwill_leaves_the_difference_of_an_exchange_as_it_is(staff: uuid.UUID) -> None:
    bought, number = dearer_exchange(staff)
    refund_order(staff, bought.number, RefundRequest(adjustment=Decimal("2.00")))
    record_difference_paid(staff, number)
    with pytest.raises(ReturnChangedMeanwhile):
        record_difference_paid(staff, number)
    assert [(one.captured, one.refunded) for one in payments_of(bought.order_id)] == [
        (Decimal("90.00"), Decimal("2.00")),
        (Decimal("6.00"), ZERO),
    ]
    assert_books_balance()


def test_an_exchange_that_never_comes_takes_no_goodwill_with_it(staff: uuid.UUID) -> None:
    bought, number = dearer_exchange(staff)
    refund_order(staff, bought.number, RefundRequest(adjustment=Decimal("2.00")))
    close_unreceived(staff, number)
    goodwill, debt = order_refunds(bought.order_id)
    assert (goodwill.waived, goodwill.by_payment) == (ZERO, Decimal("2.00"))
    assert (debt.waived, debt.by_payment) == (Decimal("6.00"), ZERO)
    assert refundable(bought.number).at_most == Decimal("88.00")
    assert_books_balance()


def test_a_difference_that_is_all_there_is_left_is_counted_on(staff: uuid.UUID) -> None:
    bought, number = dearer_exchange(staff)
    refund_order(staff, bought.number, RefundRequest(lines=[RefundLine(bought.items[0], 3)]))
    [refund] = order_refunds(bought.order_id)
    assert (refund.waived, refund.by_payment) == (Decimal("6.00"), Decimal("90.00"))
    close_unreceived(staff, number)
    assert refundable(bought.number).at_most == ZERO
    assert_books_balance()


def test_an_exchange_that_never_came_lets_go_of_goods_and_debt(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    number = exchange(bought, sizes[2], payment_method="invoice")
    assert "nothing changes for your order" in step_words(staff_return(number), "cancelled")[1]
    approve_return(staff, number)
    close_unreceived(staff, number)
    assert step_words(staff_return(number), "cancelled")[1] == (
        "The exchange does not take place: you keep your goods. What you have paid on top for the replacement goes "
        "back to you; what you have not paid of it yet you need not pay any more."
    )
    assert stock_of(sizes[2]) == Stock(10, 0)
    assert refundable(bought.number).at_most == Decimal("90.00")
    counted = sa.select(Order.exchange_amount - Order.refunded_amount).where(Order.id == bought.order_id)
    assert session().scalar(counted) == 0
    assert_books_balance()


def test_a_process_that_died_after_the_money_is_finished_by_a_job(staff: uuid.UUID) -> None:
    bought, _kettle = delivered()
    number = ask(bought)
    approve_return(staff, number)
    receive_return(staff, number, [])
    wanted = RefundRequest(lines=[RefundLine(bought.items[0], 1)], return_id=staff_return(number).id)
    given = promise_refund(staff, bought.number, wanted)
    assert promise_refund(staff, bought.number, wanted) == given, "whoever asks second finds it done"
    assert settle_returns() == 1
    assert settle_returns() == 0
    assert staff_return(number).status == "completed"
    assert [one.amount for one in order_refunds(bought.order_id)] == [Decimal("30.00")]


def test_the_list_shows_who_waits_first(staff: uuid.UUID) -> None:
    numbers = []
    for _ in range(3):
        bought, _kettle = delivered()
        numbers.append(ask(bought))
    refuse_return(staff, numbers[0], "no")
    assert [one.number for one in staff_returns().items] == [numbers[1], numbers[2], numbers[0]]
    assert [one.number for one in staff_returns(status="rejected").items] == [numbers[0]]
    assert [one.number for one in staff_returns(numbers[1][:6]).items] == [numbers[1]]


def test_books_that_do_not_agree_are_named() -> None:
    bought, _kettle = delivered()
    ask(bought)
    with transaction():
        write(sa.update(OrderItem).where(OrderItem.id == bought.items[0]).values(returned_quantity=2))
        write(sa.update(OrderItem).where(OrderItem.id == bought.items[0]).values(refunded_amount=Decimal(5)))
    assert [(one.what, one.stored, one.computed) for one in return_differences()] == [
        ("returned units", 2, 1)
    ]
    assert [one.what for one in order_differences()] == ["refunded amount of a line"]


def test_a_paid_difference_of_an_exchange_closed_by_former_code_is_counted(staff: uuid.UUID) -> None:
    bought, number = dearer_exchange(staff)
    record_difference_paid(staff, number)
    with transaction():  # as it was closed before: its payment is named no more, what was paid stays counted
        write(sa.update(Return).values(status="cancelled", payment_id=None, closed_at=now()))
        write(sa.delete(StockReservation))
        write(sa.update(OrderItem).values(returned_quantity=0))
    assert return_differences() == []
    with transaction():
        write(sa.update(Order).values(exchange_amount=Decimal("5.00")))
    assert [(one.number, one.what, one.stored, one.computed) for one in return_differences()] == [
        (bought.number, "cents paid for exchanges on top", 500, 600)
    ]


@pytest.mark.concurrency
def test_two_browsers_ask_for_the_same_units_and_one_gets_them(app_context: Flask) -> None:
    bought, _kettle = delivered()
    results = at_once(app_context, [partial(ask, bought, 2)] * 6)
    assert sum(isinstance(one, str) for one in results) == 1, results
    assert sum(isinstance(one, ReturnRefused) for one in results) == 5, results
    assert returnable(bought.me, bought.number).lines[0].left == 1
    assert_books_balance()


@pytest.mark.concurrency
def test_staff_take_each_step_once_however_many_press(app_context: Flask, staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    number = exchange(bought, sizes[3], 2)
    back = ask(bought, 1)
    steps: list[Callable[[], None]] = [
        partial(approve_return, staff, number),
        partial(receive_return, staff, number, bought.items),
        partial(ship_replacement, staff, number, "DHL", "T1"),
        partial(approve_return, staff, back),
        partial(receive_return, staff, back, bought.items),
        partial(complete_return, staff, back),
    ]
    for step in steps:
        results = at_once(app_context, [step] * 4)
        assert results.count(None) >= 1, results
        others = [one for one in results if one is not None]
        assert all(isinstance(one, ReturnChangedMeanwhile) for one in others), results
    assert (stock_of(sizes[0]), stock_of(sizes[3])) == (Stock(10, 0), Stock(8, 0))
    assert sorted(one.amount for one in order_refunds(bought.order_id)) == [
        Decimal("10.00"),
        Decimal("26.67"),
    ]
    statuses = sa.select(Return.status).where(Return.order_id == bought.order_id)
    assert set(session().scalars(statuses)) == {"completed"}
    assert session().scalar(sa.select(sa.func.count()).select_from(OrderRefund)) == 2
    assert_books_balance()
