"""Two at the same instant about one order that is to be sent: two of the staff, and staff and the shopper."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask

from storefront.core.db import release
from storefront.inventory import services as inventory
from storefront.inventory.queries import stock_differences
from storefront.orders.errors import (
    NotShippable,
    OrderNotCancellable,
    OrderNotChangeable,
    ShippedMeanwhile,
    TooManyUnits,
)
from storefront.orders.services import (
    LineChange,
    ParcelRequest,
    WantedChange,
    cancel_order,
    change_order,
    let_go,
    place_order,
    ship_parcel,
)
from storefront.orders.verification import order_differences
from storefront.payments.captures import captures_of
from storefront.payments.errors import CaptureInProgress
from storefront.payments.queries import payments_of
from tests.concurrency.threads import at_once
from tests.factories.accounts import make_staff
from tests.factories.buying import (
    fill_cart,
    make_address,
    make_guest,
    make_product,
    order_request,
    stock_of,
)
from tests.factories.cards import CardOrder, order_by_card, payment_of, state_of, work
from tests.factories.parcels import page, paid
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.concurrency


def order_on_invoice(units: int) -> CardOrder:
    guest, kettle = make_guest(), make_product(price="80.00", stock=units)
    fill_cart(guest, (kettle, units))
    placed = place_order(guest, order_request(f"{80 * units}.00"))
    release()
    return CardOrder(guest, kettle, placed.order_id, placed.number, "")


@pytest.mark.parametrize("turn", range(3))
def test_two_of_the_staff_send_the_same_line(crowded_cards: Flask, turn: int) -> None:
    order = order_on_invoice(3)
    staff = [make_staff("support").id for _ in range(4)]
    [line] = page(order).lines
    request = ParcelRequest({line.id: 2})
    results = at_once(crowded_cards, [partial(ship_parcel, one, order.number, request) for one in staff])
    refused = [one for one in results if isinstance(one, TooManyUnits | ShippedMeanwhile)]
    assert len(refused) == 3, results
    assert [line.shipped for line in page(order).lines] == [2]
    assert len(page(order).parcels) == 1


def test_the_same_form_from_two_windows_sends_one_parcel(crowded_cards: Flask) -> None:
    order = order_on_invoice(4)
    staff = make_staff("support").id
    [line] = page(order).lines
    request = ParcelRequest({line.id: 1}, request_key="one-form", seen_parcels=0)
    results = at_once(crowded_cards, [partial(ship_parcel, staff, order.number, request)] * 4)
    assert not [one for one in results if isinstance(one, Exception)], results
    assert len(page(order).parcels) == 1


def test_parcels_at_once_are_charged_once_each_and_never_more_than_was_promised(
    crowded_cards: Flask, stripe: StripeServer
) -> None:
    card = paid(stripe, order_by_card())
    staff = make_staff("support").id
    [line] = page(card).lines
    send = partial(ship_parcel, staff, card.number, ParcelRequest({line.id: 1}))
    results = at_once(crowded_cards, [send] * 5)
    may_be = TooManyUnits | CaptureInProgress | NotShippable
    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, may_be)], results
    sent = [one for one in results if not isinstance(one, Exception)]
    assert 1 <= len(sent) <= 2
    assert stripe.received(card.intent_id) == 8000 * len(sent)
    assert [line.shipped for line in page(card).lines] == [len(sent)]
    assert [parcel.status for parcel in page(card).parcels] == ["shipped"] * len(sent)


@pytest.mark.parametrize("turn", range(4))
def test_cancel_against_a_parcel_whose_card_is_being_charged(
    crowded_cards: Flask, stripe: StripeServer, turn: int
) -> None:
    card = paid(stripe, order_by_card())
    staff = make_staff("support").id
    units = {line.id: line.quantity for line in page(card).lines}

    def cancel() -> object:
        cancelled = cancel_order(card.me, card.number)
        let_go(card.order_id)
        return cancelled

    ship = partial(ship_parcel, staff, card.number, ParcelRequest(units))
    both: list[object] = [ship, cancel]
    results = at_once(crowded_cards, both[:: 1 if turn % 2 else -1])  # type: ignore[arg-type]
    work()
    failed = [one for one in results if isinstance(one, Exception)]
    assert len(failed) == 1, results
    assert isinstance(failed[0], OrderNotCancellable | NotShippable), results
    status = stripe.intent(card.intent_id)["status"]
    if isinstance(failed[0], OrderNotCancellable):
        assert state_of(card.order_id) == ("shipped", "paid", "captured")
        assert (status, stock_of(card.product_id).stock) == ("succeeded", 3)
        assert [one.status for one in captures_of(card.order_id)] == ["succeeded"]
    else:
        assert state_of(card.order_id) == ("cancelled", "cancelled", "cancelled")
        assert (status, stock_of(card.product_id).stock) == ("canceled", 5)
        assert captures_of(card.order_id) == []
    assert payment_of(card.order_id).refunded == 0
    assert order_differences() == []


def test_buyers_on_back_order_while_goods_arrive(crowded_cards: Flask) -> None:
    kettle = make_product("Kettle", "80.00", stock=2, backorder_limit=6)

    def buy() -> object:
        guest = make_guest()
        fill_cart(guest, (kettle, 1))
        return place_order(guest, order_request("80.00")).order_id

    def arrive() -> object:
        return inventory.adjust_stock(kettle, 1, "adjustment")

    people: list[object] = [*[buy] * 9, *[arrive] * 3]
    results = at_once(crowded_cards, people)  # type: ignore[arg-type]
    sold = [one for one in results if isinstance(one, uuid.UUID)]
    release()
    left = stock_of(kettle)
    assert 8 <= len(sold) <= 9
    assert left.stock == 0 or left.reserved == 0, "nobody waits while something lies on the shelf"
    assert left.stock - left.reserved == 5 - len(sold)
    assert stock_differences() == []
    assert order_differences() == []


@pytest.mark.parametrize("against", ["cancel", "ship", "change"])
@pytest.mark.parametrize("turn", range(2))
def test_a_change_against_whatever_else_one_wins(crowded_cards: Flask, against: str, turn: int) -> None:
    order = order_on_invoice(4)
    staff = make_staff("support").id
    [line] = page(order).lines
    assert line.product_id
    now_is = WantedChange(make_address(), "standard", "invoice", {line.id: LineChange(line.product_id, 2)})
    other_way = WantedChange(
        make_address(), "standard", "on_delivery", {line.id: LineChange(line.product_id, 3)}
    )
    change = partial(change_order, order.me, order.number, now_is, Decimal("160.00"))
    others: dict[str, Callable[[], object]] = {
        "cancel": partial(cancel_order, order.me, order.number),
        "ship": partial(ship_parcel, staff, order.number, ParcelRequest({line.id: 4})),
        "change": partial(change_order, order.me, order.number, other_way, Decimal("240.00")),
    }
    both: list[Callable[[], object]] = [change, others[against]]
    results = at_once(crowded_cards, both[:: 1 if turn else -1])
    failed = [one for one in results if isinstance(one, Exception)]
    may_fail = OrderNotChangeable | NotShippable | TooManyUnits | ShippedMeanwhile
    assert not [one for one in failed if not isinstance(one, may_fail)], results
    shown = page(order)
    units = sum(one.quantity for one in shown.lines)
    owed = sum(one.amount for one in payments_of(order.order_id) if one.status == "authorised")
    release()
    if shown.status == "cancelled":
        assert (owed, stock_of(order.product_id).stock) == (0, 4)
    else:
        assert (owed, shown.total, stock_of(order.product_id).stock) == (80 * units, 80 * units, 4 - units)
        assert len([one for one in payments_of(order.order_id) if one.status == "authorised"]) == 1
        release()
    if against == "ship":
        assert units == 4 or shown.parcels == (), "a parcel and a change never both"
    assert order_differences() == []
    assert stock_differences() == []
