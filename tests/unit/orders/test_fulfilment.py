"""From placed to delivered: parcels, what each of them is charged, and the end of an order of which a part is sent."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.core.errors import NotAllowed, NotFound
from storefront.core.money import round_money
from storefront.inventory.queries import stock_differences
from storefront.orders.errors import (
    NotShippable,
    OrderNotCancellable,
    ParcelNotCharged,
    ParcelUndecided,
    ShippedMeanwhile,
    TooManyUnits,
)
from storefront.orders.models import Order, OrderEvent, OrderItem, Shipment
from storefront.orders.parcels import OrderMoney, Sendable, due_for
from storefront.orders.services import (
    ParcelRequest,
    add_note,
    bring_up_to_date,
    cancel_for_shopper,
    cancel_order,
    capture_payment,
    close_order,
    mark_delivered,
    reconcile_payments,
    refund_payment,
    ship_parcel,
)
from storefront.orders.verification import order_differences
from storefront.payments.captures import captures_of
from tests.factories.accounts import make_staff
from tests.factories.buying import Stock, make_shipping, stock_of
from tests.factories.cards import CardOrder, payment_of, state_of, work
from tests.factories.parcels import letters, order_of_five, page, ship
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.usefixtures("card_context")
LATER = timedelta(minutes=6)


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def events(order: CardOrder) -> list[str]:
    with transaction():
        found = sa.select(OrderEvent.kind).where(OrderEvent.order_id == order.order_id)
        return list(session().scalars(found.order_by(OrderEvent.created_at, OrderEvent.id)))


def taken(order: CardOrder) -> list[tuple[Decimal, str]]:
    release()
    return [(one.amount, one.status) for one in captures_of(order.order_id)]


def test_an_order_leaves_in_two_parcels_and_arrives(staff: uuid.UUID) -> None:
    order = order_of_five()
    first = ship(staff, order, 2, 0, carrier="DHL", tracking_number="00340 1")
    shown = page(order)
    assert (shown.status, shown.fulfilment_status) == ("processing", "partial")
    assert [line.shipped for line in shown.lines] == [2, 0]
    assert not shown.can_cancel
    [parcel] = shown.parcels
    assert parcel.link == "https://www.dhl.com/en/express/tracking.html?AWB=00340%201"
    assert parcel.units == {shown.lines[0].id: 2}
    second = ship(staff, order, 1, 2, carrier="By bicycle", tracking_number="7")
    shown = page(order)
    assert (shown.status, shown.fulfilment_status) == ("shipped", "fulfilled")
    assert shown.parcels[1].link == ""
    mark_delivered(staff, order.number, first)
    mark_delivered(staff, order.number, first)
    assert page(order).status == "shipped"
    assert [line.delivered for line in page(order).lines] == [2, 0]
    mark_delivered(staff, order.number, second)
    assert page(order).status == "delivered"
    assert [line.delivered for line in page(order).lines] == [3, 2]
    assert events(order) == ["placed", "parcel_sent", "shipped", "parcel_delivered", "delivered"]
    assert letters() == ["mail.order_placed", "mail.parcel_shipped", "mail.parcel_shipped"]


def test_never_more_than_is_left(staff: uuid.UUID) -> None:
    order = order_of_five()
    ship(staff, order, 2, 0)
    with pytest.raises(TooManyUnits) as refusal:
        ship(staff, order, 2, 0)
    assert (refusal.value.wanted, refusal.value.left) == (2, 1)
    for nothing in ({}, {uuid.uuid4(): 1}):
        with pytest.raises(NotShippable):
            ship_parcel(staff, order.number, ParcelRequest(nothing))
    with pytest.raises(NotShippable):
        ship_parcel(staff, order.number, ParcelRequest({page(order).lines[0].id: -1}))
    assert len(page(order).parcels) == 1


def test_the_database_refuses_what_the_service_would() -> None:
    order = order_of_five()
    kettle, mug = page(order).lines
    for items, constraint in (
        ([{"order_item_id": str(kettle.id), "quantity": 4}], "shipped_within_quantity"),
        ([{"order_item_id": str(mug.id), "quantity": 0}], "not of that order"),
        ([{"order_item_id": str(order_of_five().order_id), "quantity": 1}], "not of that order"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction():
            session().execute(sa.insert(Shipment).values(order_id=order.order_id, items=items))


def test_a_parcel_that_is_cancelled_or_deleted_frees_its_units(staff: uuid.UUID) -> None:
    order = order_of_five()
    shipment_id = ship(staff, order, 3, 1)
    for change in (
        sa.update(Shipment).where(Shipment.id == shipment_id).values(status="cancelled"),
        sa.update(Shipment).where(Shipment.id == shipment_id).values(status="shipped"),
        sa.delete(Shipment).where(Shipment.id == shipment_id),
    ):
        before = [line.shipped for line in page(order).lines]
        with transaction():
            session().execute(change.execution_options(synchronize_session=False))
        assert [line.shipped for line in page(order).lines] == ([0, 0] if before == [3, 1] else [3, 1])


def test_the_same_form_sends_one_parcel_and_an_older_page_none(staff: uuid.UUID) -> None:
    order = order_of_five()
    first = ship(staff, order, 1, 0, request_key="form-1", seen_parcels=0)
    assert ship(staff, order, 1, 0, request_key="form-1", seen_parcels=0) == first
    with pytest.raises(ShippedMeanwhile):
        ship(staff, order, 1, 0, request_key="form-2", seen_parcels=0)
    assert [line.shipped for line in page(order).lines] == [1, 0]


def test_only_staff_who_may_and_only_orders_that_are_placed(staff: uuid.UUID) -> None:
    order = order_of_five()
    editor = make_staff("catalog_editor").id
    for act in (
        lambda: ship(editor, order, 1, 0),
        lambda: mark_delivered(editor, order.number, uuid.uuid4()),
        lambda: close_order(editor, order.number),
        lambda: add_note(editor, order.number, "x"),
        lambda: cancel_for_shopper(editor, order.number),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotFound):
        mark_delivered(staff, order.number, uuid.uuid4())
    cancel_for_shopper(staff, order.number, "by telephone")
    with pytest.raises(NotShippable):
        ship(staff, order, 1, 0)
    assert order_differences() == []


def test_a_note_is_the_staffs_own(staff: uuid.UUID) -> None:
    order = order_of_five()
    add_note(staff, order.number, " Call before sending ")
    assert [(one.kind, one.note) for one in page(order).events][-1] == ("staff_note", "Call before sending")


def test_a_card_that_is_charged_with_the_order_is_not_charged_again(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 3, 2)
    assert taken(card) == []
    assert stripe.asked_for("/capture") == []


@pytest.mark.usefixtures("manual")
def test_each_parcel_is_charged_as_it_leaves_and_all_of_them_come_to_the_total(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 1, 1)
    assert stripe.received(card.intent_id) == 1989, "9.99 and 5.00 and the shipping"
    assert state_of(card.order_id) == ("processing", "authorised", "authorised")
    assert payment_of(card.order_id).captured == Decimal("19.89")
    ship(staff, card, 1, 0)
    assert stripe.received(card.intent_id) == 2988
    ship(staff, card, 1, 1)
    assert taken(card) == [(Decimal(one), "succeeded") for one in ("19.89", "9.99", "14.99")]
    assert stripe.received(card.intent_id) == 4487
    assert stripe.intent(card.intent_id)["status"] == "succeeded"
    assert state_of(card.order_id) == ("shipped", "paid", "captured")
    assert events(card).count("charged") == 2
    assert events(card).count("paid") == 1
    refund_payment(card.number, Decimal("44.87"))


@pytest.mark.usefixtures("manual")
def test_a_refused_charge_leaves_the_parcel_unsent(staff: uuid.UUID, stripe: StripeServer) -> None:
    card = order_of_five(stripe)
    stripe.call("POST", f"/v1/payment_intents/{card.intent_id}/cancel")
    with pytest.raises(ParcelNotCharged):
        ship(staff, card, 3, 2)
    shown = page(card)
    assert shown.parcels == ()
    assert [line.shipped for line in shown.lines] == [0, 0]
    assert taken(card) == [(Decimal("44.87"), "failed")]
    assert letters() == ["mail.order_placed"]


@pytest.mark.usefixtures("manual")
def test_a_card_that_allows_one_charge_is_charged_at_once_if_staff_say_so(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    stripe.allow_one_capture_only()
    with pytest.raises(ParcelNotCharged) as refusal:
        ship(staff, card, 1, 0, request_key="form-1")
    assert refusal.value.in_parts
    ship(staff, card, 1, 0, request_key="form-1", charge_all=True)
    assert state_of(card.order_id) == ("processing", "paid", "captured")
    ship(staff, card, 2, 2)
    assert [one for one in taken(card) if one[1] == "succeeded"] == [(Decimal("44.87"), "succeeded")]


@pytest.mark.usefixtures("manual")
@pytest.mark.parametrize("was_taken", [True, False])
def test_whoever_dies_while_the_card_is_charged_leaves_it_to_the_job(
    staff: uuid.UUID, stripe: StripeServer, was_taken: bool
) -> None:
    card = order_of_five(stripe)
    trouble = stripe.cut_next if was_taken else stripe.fail_next
    trouble("/capture", times=3)
    with pytest.raises(ParcelUndecided):
        ship(staff, card, 1, 1)
    assert [parcel.status for parcel in page(card).parcels] == ["preparing"]
    with pytest.raises(OrderNotCancellable):
        cancel_order(card.me, card.number)
    bring_up_to_date(card.order_id)
    with frozen(now() + LATER):
        assert reconcile_payments()["captures"] == 1
        assert reconcile_payments()["captures"] == 0
    assert stripe.received(card.intent_id) == 1989
    assert [parcel.status for parcel in page(card).parcels] == ["shipped"]
    assert letters() == ["mail.order_placed", "mail.parcel_shipped"]


@pytest.mark.usefixtures("manual")
def test_a_card_that_lapsed_while_nobody_knew_frees_the_parcel(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    stripe.fail_next("/capture", times=3)
    with pytest.raises(ParcelUndecided):
        ship(staff, card, 1, 1)
    stripe.call("POST", f"/v1/payment_intents/{card.intent_id}/cancel")
    with frozen(now() + LATER):
        reconcile_payments()
        bring_up_to_date(card.order_id)
    assert page(card).parcels == ()
    assert state_of(card.order_id) == ("placed", "failed", "cancelled")
    with pytest.raises(NotShippable) as refusal:
        ship(staff, card, 1, 1)
    assert refusal.value.why == "payment"


@pytest.mark.usefixtures("manual")
def test_staff_charge_a_part_and_the_parcels_charge_the_rest(staff: uuid.UUID, stripe: StripeServer) -> None:
    card = order_of_five(stripe)
    assert capture_payment(card.number, Decimal("20.00"), final=False, actor_id=staff) == Decimal("20.00")
    assert state_of(card.order_id) == ("placed", "authorised", "authorised")
    ship(staff, card, 1, 1)
    assert taken(card) == [(Decimal("20.00"), "succeeded")], "19.89 was charged before"
    ship(staff, card, 2, 1)
    assert taken(card)[1:] == [(Decimal("24.87"), "succeeded")]
    assert state_of(card.order_id) == ("shipped", "paid", "captured")


@pytest.mark.usefixtures("manual")
def test_a_part_that_was_charged_goes_back_when_the_order_is_cancelled(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    capture_payment(card.number, Decimal("20.00"), final=False, actor_id=staff)
    cancel_order(card.me, card.number)
    work()
    payment = payment_of(card.order_id)
    assert (payment.status, payment.captured, payment.refunded) == (
        "refunded",
        Decimal("20.00"),
        Decimal("20.00"),
    )
    given = [one["amount"] for one in stripe.refunds(card.intent_id) if one["metadata"].get("refund_id")]
    assert given == [2000]


@pytest.mark.usefixtures("manual")
def test_the_rest_of_a_closed_order_is_let_go_of(staff: uuid.UUID, stripe: StripeServer) -> None:
    card = order_of_five(stripe)
    first = ship(staff, card, 1, 1)
    assert close_order(staff, card.number, "the mugs are gone") == Decimal("24.98")
    work()
    assert state_of(card.order_id) == ("shipped", "paid", "captured")
    assert payment_of(card.order_id).captured == Decimal("19.89")
    assert stripe.received(card.intent_id) == 1989
    assert stock_of(card.product_id) == Stock(9, 0)
    assert [line.left for line in page(card).lines] == [0, 0]
    mark_delivered(staff, card.number, first)
    assert page(card).status == "delivered"
    with pytest.raises(NotShippable):
        close_order(staff, card.number)
    assert order_differences() == []
    assert stock_differences() == []


def test_what_was_charged_for_the_rest_of_a_closed_order_goes_back(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    card = order_of_five(stripe)
    ship(staff, card, 1, 1)
    close_order(staff, card.number)
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [2498]


def test_less_is_owed_on_the_invoice_of_a_closed_order(staff: uuid.UUID) -> None:
    order = order_of_five()
    mark_delivered(staff, order.number, ship(staff, order, 1, 1))
    close_order(staff, order.number)
    assert page(order).status == "delivered"
    assert capture_payment(order.number, actor_id=staff) == Decimal("19.89")


LINES = st.lists(
    st.tuples(st.integers(0, 9_999), st.integers(1, 7), st.integers(0, 999)), min_size=1, max_size=4
)


@given(LINES, st.integers(0, 2_000), st.booleans(), st.integers(0, 5_000), st.integers(0, 999))
def test_the_parcels_of_any_order_come_to_its_total(
    lines: list[tuple[int, int, int]], shipping: int, inclusive: bool, gift: int, seed: int
) -> None:
    cent, chance = Decimal("0.01"), Random(seed)
    sendable = [
        Sendable(uuid.uuid4(), None, "", quantity, 0, 0, total * cent, tax * cent)
        for total, quantity, tax in lines
    ]
    tax_of_shipping = round_money(shipping * cent * Decimal("0.19"))
    tax = sum((line.tax for line in sendable), Decimal(0)) + tax_of_shipping
    total = sum((line.total for line in sendable), Decimal(0)) + shipping * cent
    total += Decimal(0) if inclusive else tax
    gift_card = min(gift * cent, total)
    money = OrderMoney(total, shipping * cent, tax, gift_card, inclusive)
    sent = {line.id: 0 for line in sendable}
    before = Decimal(0)
    charged = []
    while any(sent[line.id] < line.quantity for line in sendable):
        for line in sendable:
            sent[line.id] += chance.randint(0, line.quantity - sent[line.id])
        due = due_for(money, sendable, sent)
        charged.append(due - before)
        before = due
    assert min(charged) >= 0, "nothing is given back on the way"
    assert sum(charged) == total - gift_card


def test_imported_lines_count_no_more_than_there_are(staff: uuid.UUID) -> None:
    order = order_of_five()
    ship(staff, order, 3, 2)
    with transaction():
        rows = session().execute(
            sa.select(OrderItem.quantity, OrderItem.shipped_quantity).where(
                OrderItem.order_id == order.order_id
            )
        )
        assert all(quantity == shipped for quantity, shipped in rows)
        status = session().scalar(sa.select(Order.status).where(Order.id == order.order_id))
        assert status == "shipped"
