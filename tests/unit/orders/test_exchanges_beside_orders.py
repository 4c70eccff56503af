"""What an exchange costs is paid beside its order: parcels, captures and refunds of the order do not mistake it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.core.db import release, session, transaction
from storefront.core.ids import new_id
from storefront.orders.queries_for_staff import order_payments
from storefront.orders.services import capture_payment, mark_delivered, place_order
from storefront.payments.changing import promise_later
from storefront.payments.errors import NothingToCapture
from storefront.payments.models import Payment
from storefront.payments.queries import payments_of
from storefront.payments.services import open_promise
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    begin_difference,
    receive_return,
    request_return,
    settle_difference,
    ship_replacement,
    waiting_difference,
)
from tests.factories.buying import fill_cart, make_guest, make_shipping, order_request
from tests.factories.cards import CardOrder, payment_of, state_of
from tests.factories.parcels import assert_books_balance, give, order_of_five, page, ship
from tests.factories.parcels import paid as has_paid
from tests.factories.returns import buy, deliver, kettle_sizes, staff_id
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.usefixtures("card_context")


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


@pytest.fixture
def staff(card_context: object) -> uuid.UUID:
    """Somebody who sends parcels and gives money back."""
    return staff_id()


def kettles_by_card(stripe: StripeServer) -> tuple[CardOrder, uuid.UUID]:
    """Three kettles at 30.00, promised by card, and a size of them that costs 36.00."""
    guest, sizes = make_guest(), kettle_sizes()
    fill_cart(guest, (sizes[0], 3))
    placed = place_order(guest, order_request("90.00", payment_method="stripe"))
    intent = payment_of(placed.order_id).provider_reference or ""
    order = CardOrder(guest, sizes[0], placed.order_id, placed.number, intent)
    return has_paid(stripe, order), sizes[2]


def exchanged(staff: uuid.UUID, order: CardOrder, instead: uuid.UUID, method: str) -> str:
    """One kettle is to be exchanged for ``instead``, 6.00 more, and staff agree; returns the exchange's number."""
    wanted = [WantedLine(page(order).lines[0].id, 1, "too_small", replacement_id=instead)]
    number = request_return(
        order.me, order.number, ReturnRequest("exchange", wanted, payment_method=method)
    ).number
    approve_return(staff, number)
    release()
    return number


@pytest.mark.usefixtures("manual")
@pytest.mark.parametrize("is_made", [False, True], ids=["agreed", "made"])
def test_a_parcel_after_an_exchange_by_card_is_charged_whole(
    staff: uuid.UUID, stripe: StripeServer, *, is_made: bool
) -> None:
    order, dearer = kettles_by_card(stripe)
    mark_delivered(staff, order.number, ship(staff, order, 1))
    number = exchanged(staff, order, dearer, "stripe")
    begin_difference(order.me, number)
    release()
    difference = waiting_difference(order.me, number)
    release()
    assert difference is not None
    assert difference.provider_reference
    stripe.pay(difference.provider_reference)
    assert settle_difference(difference.id) == "paid"
    release()
    if is_made:
        receive_return(staff, number, [])
        ship_replacement(staff, number, "DHL", "1")
    ship(staff, order, 2)
    assert stripe.received(order.intent_id) == 9000, "30.00 with the first parcel, 60.00 with the second"
    assert state_of(order.order_id) == ("shipped", "paid", "captured")
    own, beside = payments_of(order.order_id)
    assert (own.is_own, beside.is_own, beside.is_on_top) == (True, False, not is_made)
    assert_books_balance()


@pytest.mark.usefixtures("manual")
def test_what_a_change_that_was_not_made_has_paid_pays_for_no_parcel(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    order = order_of_five(stripe)
    on_its_way_back = {"provider": "stripe", "provider_reference": "pi_left", "status": "captured"}
    with transaction():
        session().execute(
            sa.insert(Payment).values(
                order_id=order.order_id,
                amount=Decimal("10.00"),
                captured_amount=Decimal("10.00"),
                is_for_change=True,
                **on_its_way_back,
            )
        )
    ship(staff, order, 3, 2)
    assert stripe.received(order.intent_id) == 4487


@pytest.mark.parametrize("status", ["pending", "captured"])
def test_what_a_change_that_is_not_made_pays_says_nothing_of_what_is_owed(status: str) -> None:
    order = order_of_five()
    with transaction():
        session().execute(
            sa.insert(Payment).values(
                order_id=order.order_id,
                provider="stripe",
                amount=Decimal("10.00"),
                status=status,
                is_for_change=True,
            )
        )
    give(order, 3, 2, shipping=Decimal("4.90"))
    assert page(order).payment_status == "cancelled", "nobody has paid anything, and nobody has to"


def test_what_an_exchange_still_costs_does_not_keep_the_order_unpaid() -> None:
    order = order_of_five()
    capture_payment(order.number, Decimal("19.99"), final=False)
    with transaction():
        open_promise(new_id(), order.order_id, "invoice", Decimal("6.00"), "EUR", is_for_exchange=True)
    give(order, 2, 0, shipping=Decimal("4.90"))
    assert page(order).payment_status == "paid", "24.88 need not be paid any more"


def test_what_is_on_top_is_for_an_exchange() -> None:
    order = order_of_five()
    with pytest.raises(IntegrityError, match="on_top_is_for_exchange"), transaction():
        session().execute(sa.update(Payment).where(Payment.order_id == order.order_id).values(is_on_top=True))


def test_taking_the_orders_money_leaves_its_exchanges(staff: uuid.UUID) -> None:
    sizes = kettle_sizes()
    bought = buy("90.00", (sizes[0], 3), paid=False)
    deliver(bought.order_id)
    order = CardOrder(bought.me, sizes[0], bought.order_id, bought.number, "")
    number = exchanged(staff, order, sizes[2], "invoice")
    receive_return(staff, number, [])
    ship_replacement(staff, number, "DHL", "1")
    release()
    assert order_payments(order.order_id).uncaptured == Decimal("90.00")
    release()
    assert capture_payment(order.number) == Decimal("90.00")
    own, beside = payments_of(order.order_id)
    assert (own.status, beside.status, page(order).payment_status) == ("captured", "authorised", "paid")
    with pytest.raises(NothingToCapture):
        capture_payment(order.number)


def test_an_order_is_paid_once_all_that_is_promised_for_it_is() -> None:
    order = order_of_five()
    promise_later(order.order_id, "invoice", Decimal("5.00"), "EUR")
    release()
    for amount, status in ((Decimal("5.00"), "authorised"), (Decimal("44.87"), "paid")):
        assert capture_payment(order.number) == amount
        assert page(order).payment_status == status
