"""Money that goes back while goods go out: of orders of which a part was sent, charged or paid, and no other part."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.inventory.queries import backordered, movements_of
from storefront.orders.change_payments import waiting_payment
from storefront.orders.changeable import LineChange, WantedChange, order_to_change
from storefront.orders.errors import NotShippable, OrderNotCancellable, RefundRefused, TooManyUnits
from storefront.orders.models import Order, RefundItem
from storefront.orders.queries_for_refunds import Refundable, order_refunds, refundable
from storefront.orders.queries_for_staff import staff_orders
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order, refund_payment
from storefront.orders.services import (
    bring_up_to_date,
    cancel_order,
    capture_payment,
    change_order,
    close_order,
    mark_delivered,
    place_order,
    reconcile_payments,
)
from storefront.payments.errors import CaptureInProgress, RefundFailed
from storefront.payments.queries import payments_of
from storefront.providers.payment_provider import PaymentProviderFailure
from tests.factories.buying import (
    Stock,
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    order_request,
    stock_of,
)
from tests.factories.cards import CardOrder, payment_of, state_of, work
from tests.factories.parcels import assert_books_balance, give, order_of_five, page, ship
from tests.factories.promotions import balance_of, make_gift_card
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.usefixtures("card_context")


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def left_of(order: CardOrder) -> Refundable:
    release()
    found = refundable(order.number)
    release()
    return found


@pytest.mark.usefixtures("manual")
def test_after_a_refund_of_one_parcel_the_next_is_still_charged(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 1, 1)
    give(card, 1, 0)
    assert state_of(card.order_id) == ("processing", "authorised", "authorised")
    ship(staff, card, 2, 1)
    assert stripe.received(card.intent_id) == 4487
    assert state_of(card.order_id) == ("shipped", "partially_refunded", "partially_refunded")
    payment = payment_of(card.order_id)
    assert (payment.captured, payment.refunded) == (Decimal("44.87"), Decimal("9.99"))
    assert_books_balance()


@pytest.mark.usefixtures("manual")
def test_units_that_a_card_was_not_charged_for_are_not_given_back(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 2, 0)
    with pytest.raises(RefundRefused) as refusal:
        give(card, 0, 1)
    assert (refusal.value.reason, refusal.value.line, refusal.value.left) == ("uncharged", "Mug", 0)
    give(card, 2, 0)
    with pytest.raises(RefundRefused):
        give(card, 1, 0)
    assert payment_of(card.order_id).refunded == Decimal("19.98")


def test_an_invoice_of_which_a_part_is_paid_asks_for_less_and_then_gives_back() -> None:
    order = order_of_five()
    capture_payment(order.number, Decimal("20.00"), final=False)
    give(order, 1, 0)
    [first] = order_refunds(order.order_id)
    [payment] = payments_of(order.order_id)
    assert (first.waived, payment.amount, payment.status) == (Decimal("9.99"), Decimal("34.88"), "authorised")
    give(order, 2, 1)
    second = order_refunds(order.order_id)[1]
    assert (second.waived, second.by_payment) == (Decimal("14.88"), Decimal("10.10"))
    [payment] = payments_of(order.order_id)
    assert (payment.amount, payment.captured, payment.refunded) == tuple(
        map(Decimal, ("20.00", "20.00", "10.10"))
    )
    assert (payment.status, page(order).payment_status) == ("partially_refunded", "partially_refunded")
    assert left_of(order).at_most == Decimal("9.90"), "the last mug and the shipping"
    assert_books_balance()


def test_what_was_given_back_before_it_was_sent_is_not_sent(staff: uuid.UUID) -> None:
    order = order_of_five()
    give(order, 0, 2, restock=True)
    assert [line.left for line in page(order).lines] == [3, 0]
    with pytest.raises(TooManyUnits):
        ship(staff, order, 3, 1)
    ship(staff, order, 3, 0)
    assert (page(order).status, page(order).fulfilment_status) == ("shipped", "fulfilled")
    assert_books_balance()


def test_a_unit_that_was_given_back_before_it_was_sent_stays_unsent(staff: uuid.UUID) -> None:
    order = order_of_five()
    give(order, 1, 2, restock=True)
    ship(staff, order, 1, 0)
    assert [line.left for line in page(order).lines] == [1, 0]
    ship(staff, order, 1, 0)
    assert page(order).status == "shipped", "two of three, and the third was given back"
    with pytest.raises(NotShippable):
        close_order(staff, order.number)
    assert [one.amount for one in order_refunds(order.order_id)] == [Decimal("19.99")]
    assert stock_of(order.product_id) == Stock(8, 0)
    assert_books_balance()


def test_a_unit_that_nobody_can_buy_is_not_sent_and_not_on_the_shelf() -> None:
    order = order_of_five()
    give(order, 1, 0)
    assert stock_of(order.product_id) == Stock(7, 0)
    assert [(one.delta, one.reason) for one in movements_of(order.product_id)] == [
        (-1, "adjustment"),
        (1, "sale"),
        (-3, "sale"),
        (10, "import"),
    ]
    cancel_order(order.me, order.number)
    assert stock_of(order.product_id) == Stock(9, 0), "two come back"
    assert_books_balance()


def test_a_unit_on_back_order_is_waited_for_no_more_once_it_is_given_back() -> None:
    first, second = make_guest(), make_guest()
    kettle = make_product("Kettle", "40.00", stock=2, backorder_limit=3)
    fill_cart(first, (kettle, 3))
    fill_cart(second, (kettle, 1))
    waits = place_order(first, order_request("120.00"))
    place_order(second, order_request("44.90"))
    assert (backordered(waits.order_id), stock_of(kettle)) == ({kettle: 1}, Stock(0, 2))
    [line] = refundable(waits.number).lines
    refund_order(None, waits.number, RefundRequest(lines=[RefundLine(line.id, 2, restock=True)]))
    assert (backordered(waits.order_id), stock_of(kettle)) == ({}, Stock(0, 0)), (
        "its other unit is the second's"
    )
    assert_books_balance()


def test_the_database_counts_unsent_units_and_no_more_than_there_are() -> None:
    order = order_of_five()
    refund_id, line = give(order, 2, 0), page(order).lines[0]
    assert (line.cancelled, line.left) == (2, 1)
    item = {"order_refund_id": refund_id, "order_item_id": line.id, "quantity": 1, "amount": 0, "tax": 0}
    for unsent, rule in ((2, "unsent_within_quantity"), (-1, "unsent_within_quantity")):
        with pytest.raises(IntegrityError, match=rule), transaction():
            session().execute(sa.insert(RefundItem).values(**item, unsent=unsent))


def test_units_that_another_shop_sold_are_not_ours_to_send() -> None:
    order = order_of_five()
    with transaction():
        session().execute(sa.update(Order).where(Order.id == order.order_id).values(external_id="#W1"))
    assert [line.to_send for line in left_of(order).lines] == [0, 0]
    give(order, 1, 2)
    assert [(line.cancelled, line.refunded) for line in page(order).lines] == [(0, 1), (0, 2)]


def test_a_unit_whose_refund_failed_is_not_sent_and_can_be_given_back_again(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    stripe.fail_next("/v1/refunds", status=400)
    with pytest.raises(RefundFailed):
        give(card, 1, 0, restock=True)
    line = page(card).lines[0]
    assert (line.left, line.refunded, stock_of(card.product_id)) == (2, 0, Stock(8, 0))
    give(card, 1, 0, restock=True)
    line = page(card).lines[0]
    assert (line.left, line.refunded, stock_of(card.product_id)) == (2, 1, Stock(8, 0))
    ship(staff, card, 2, 2)
    assert page(card).status == "shipped"
    assert_books_balance()


def test_an_order_is_refunded_once_its_gift_card_has_its_part_back(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    gift = make_gift_card("30.00")
    card = order_of_five(stripe, gift_card=gift.code, by_gift_card="30.00")
    give(card, 1, 1)
    assert payment_of(card.order_id).status == "refunded"
    assert page(card).payment_status == "partially_refunded", "the gift card has paid the rest"
    assert page(card).can_cancel
    ship(staff, card, 2, 1)
    assert page(card).status == "shipped"
    give(card, 2, 1, shipping=Decimal("4.90"))
    assert page(card).payment_status == "refunded"
    assert_books_balance()


def test_an_order_that_its_gift_card_pays_alone_by_now_is_paid(staff: uuid.UUID) -> None:
    gift = make_gift_card("30.00")
    order = order_of_five(gift_card=gift.code, by_gift_card="30.00")
    give(order, 1, 1)
    assert page(order).payment_status == "partially_refunded", "of 14.99, 14.87 need not be paid"
    ship(staff, order, 2, 1)
    assert page(order).status == "shipped"


def test_what_was_given_back_counts_on_what_was_sent_first(staff: uuid.UUID) -> None:
    order = order_of_five()
    ship(staff, order, 2, 0)
    give(order, 1, 0)
    assert [line.left for line in page(order).lines] == [1, 2]
    ship(staff, order, 1, 2)
    assert page(order).status == "shipped"


def test_an_order_of_which_the_rest_was_given_back_can_be_closed(staff: uuid.UUID) -> None:
    order = order_of_five()
    ship(staff, order, 1, 0)
    give(order, 2, 1, restock=True)
    assert [line.left for line in page(order).lines] == [1, 1]
    close_order(staff, order.number)
    assert [line.left for line in page(order).lines] == [0, 0]
    assert stock_of(order.product_id) == Stock(10, 0), "two were back before, one of them had been sent"
    assert page(order).status == "shipped"
    assert left_of(order).at_most == Decimal("4.90"), "the shipping"
    assert_books_balance()


@pytest.mark.parametrize(("has_arrived", "status"), [(False, "shipped"), (True, "delivered")])
def test_an_order_whose_rest_was_given_back_goes_on_without_it(
    staff: uuid.UUID, status: str, *, has_arrived: bool
) -> None:
    order = order_of_five()
    parcel = ship(staff, order, 2, 0)
    if has_arrived:
        mark_delivered(staff, order.number, parcel)
    give(order, 2, 2)
    assert page(order).status == "processing", "a kettle is still to be sent"
    give(order, 1, 0)
    assert [line.left for line in page(order).lines] == [0, 0]
    assert (page(order).status, page(order).fulfilment_status) == (status, "fulfilled")
    with pytest.raises(NotShippable):
        close_order(staff, order.number)
    assert_books_balance()


@pytest.mark.parametrize("is_paid", [True, False])
def test_an_order_that_was_given_back_whole_before_it_was_sent_is_over(*, is_paid: bool) -> None:
    order = order_of_five()
    if is_paid:
        capture_payment(order.number)
    give(order, 3, 2, restock=True)
    shown = page(order)
    assert (shown.status, shown.fulfilment_status) == ("completed", "unfulfilled"), "its shipping was kept"
    assert shown.payment_status == ("partially_refunded" if is_paid else "authorised")
    assert left_of(order).at_most == Decimal("4.90")
    assert not staff_orders(status="placed").total
    release()
    give(order, 0, 0, shipping=Decimal("4.90"))
    shown = page(order)
    assert (shown.status, shown.payment_status) == ("cancelled", "refunded" if is_paid else "cancelled")
    assert stock_of(order.product_id) == Stock(10, 0)
    assert_books_balance()


def test_an_order_whose_money_went_back_and_not_its_goods_can_be_sent_or_cancelled() -> None:
    order = order_of_five()
    capture_payment(order.number)
    refund_payment(order.number, Decimal("44.87"))
    assert (page(order).status, page(order).payment_status) == ("placed", "refunded")
    cancel_order(order.me, order.number)
    assert (page(order).status, page(order).payment_status) == ("cancelled", "refunded")
    assert_books_balance()


@pytest.mark.usefixtures("manual")
def test_what_a_closed_order_never_charged_is_not_given_back(staff: uuid.UUID, stripe: StripeServer) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 1, 1)
    assert close_order(staff, card.number) == Decimal("24.98")
    work()
    left = left_of(card)
    assert (left.at_most, [part.quantity for part in left.parts]) == (Decimal("19.89"), [1, 1, 0])
    with pytest.raises(RefundRefused):
        give(card, 2, 0)
    [refund] = order_refunds(card.order_id)
    assert (refund.waived, refund.status) == (Decimal("24.98"), "succeeded")
    assert state_of(card.order_id) == ("shipped", "paid", "captured")
    assert_books_balance()


@pytest.mark.usefixtures("manual")
def test_a_gift_card_gets_back_what_it_paid_too_much_of_a_closed_order(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    gift = make_gift_card("30.00")
    card = order_of_five(stripe, gift_card=gift.code, by_gift_card="30.00")
    ship(staff, card, 1, 0)
    assert close_order(staff, card.number) == Decimal("29.98")
    work()
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert balance_of(gift)[0] == Decimal("15.11"), "30.00 less a kettle and the shipping"
    assert state_of(card.order_id) == ("shipped", "partially_refunded", "cancelled")
    assert_books_balance()


@pytest.mark.usefixtures("manual")
def test_an_order_is_not_closed_while_its_card_is_charged(staff: uuid.UUID, stripe: StripeServer) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 1, 1)
    stripe.cut_next("/capture", times=3)
    with pytest.raises(PaymentProviderFailure):
        capture_payment(card.number, Decimal("20.00"), final=False, actor_id=staff)
    with pytest.raises(CaptureInProgress):
        close_order(staff, card.number)
    assert page(card).status == "processing"


@pytest.mark.usefixtures("manual")
def test_a_parcel_is_charged_what_earlier_payments_have_not_paid(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    capture_payment(card.number)
    order = order_to_change(card.me, card.number)
    line = order.lines[0]
    assert line.product_id is not None
    wanted = WantedChange(
        order.shipping_address,
        order.shipping_method,
        order.payment_method,
        {line.id: LineChange(line.product_id, 4)},
    )
    change_order(card.me, card.number, wanted, Decimal("54.86"))
    second = waiting_payment(card.me, card.number)
    assert second is not None
    assert second.provider_reference
    stripe.pay(second.provider_reference)
    bring_up_to_date(card.order_id)
    ship(staff, card, 1, 1)
    assert stripe.received(second.provider_reference) == 0, "19.89 of 44.87 that are there"
    ship(staff, card, 3, 1)
    assert stripe.received(second.provider_reference) == 999


def test_a_gift_cards_part_that_is_on_its_way_does_not_go_back_twice(stripe: StripeServer) -> None:
    gift = make_gift_card("30.00")
    card = order_of_five(stripe, gift_card=gift.code, by_gift_card="30.00")
    stripe.fail_next("/refunds", times=3)
    with pytest.raises(PaymentProviderFailure):
        give(card, 3, 0)
    with pytest.raises(OrderNotCancellable):
        cancel_order(card.me, card.number)
    with frozen(now() + timedelta(minutes=6)):
        reconcile_payments()
    assert balance_of(gift)[0] == Decimal("15.10"), "29.97, of which the card had paid 14.87"
    assert_books_balance()
