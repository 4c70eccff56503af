"""More buyers than goods, double clicks, two browsers, jobs at work beside them."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart.queries import cart_view
from storefront.core.clock import frozen, now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import stock_differences
from storefront.orders.models import Order, OrderItem
from storefront.orders.services import PlacedOrder, cancel_order, place_order
from storefront.orders.settling import settle_stranded_orders
from storefront.orders.verification import order_differences
from storefront.payments.models import Payment
from tests.concurrency.threads import at_once
from tests.factories.buying import (
    Stock,
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    order_request,
    stock_of,
)

pytestmark = pytest.mark.concurrency
BUYERS, UNITS = 200, 20


@pytest.fixture(autouse=True)
def _shipping(app_context: Flask) -> None:
    make_shipping()


def assert_books_balance() -> None:
    session().rollback()
    assert stock_differences() == []
    assert order_differences() == []


def total_of(identity: Identity) -> str:
    subtotal = cart_view(identity).subtotal
    session().rollback()
    return str(subtotal if subtotal >= 75 else subtotal + Decimal("4.90"))


def test_two_hundred_buyers_for_twenty_units_buy_exactly_twenty(crowded_app: Flask) -> None:
    wanted = make_product("Wanted", "10.00", stock=UNITS)
    others = [make_product(f"Other {number}", "5.00", stock=1_000) for number in range(6)]
    guests = []
    draw = random.Random(7)
    for _ in range(BUYERS):
        guest = make_guest()
        basket = [(wanted, 1), *((other, draw.randint(1, 3)) for other in draw.sample(others, 3))]
        draw.shuffle(basket)
        fill_cart(guest, *basket)
        guests.append(guest)
    requests = [order_request(total_of(guest)) for guest in guests]
    results = at_once(
        crowded_app,
        [partial(place_order, guest, request) for guest, request in zip(guests, requests, strict=True)],
    )
    placed = [result for result in results if isinstance(result, PlacedOrder)]
    refused = [result for result in results if isinstance(result, InsufficientStock)]
    assert len(placed) == UNITS
    assert len(refused) == BUYERS - UNITS, [
        one for one in results if one not in placed and one not in refused
    ]
    assert {error.name for error in refused} == {"Wanted"}
    assert stock_of(wanted) == Stock(0, 0)
    assert [stock_of(other).reserved for other in others] == [0] * 6
    sold = sa.select(sa.func.sum(OrderItem.quantity)).join(Order).where(Order.status == "placed")
    assert session().scalar(sold.where(OrderItem.product_id == wanted)) == UNITS
    assert len({order.number for order in placed}) == UNITS
    promised = sa.select(sa.func.count()).select_from(Payment).where(Payment.status == "authorised")
    assert session().scalar(promised) == UNITS, "nobody is both charged and refused"
    refused_carts = [
        cart_view(guest).quantity for guest, result in zip(guests, results, strict=True) if result in refused
    ]
    assert min(refused_carts) >= 4, "who came too late keeps the cart"
    assert_books_balance()


def test_siblings_sell_out_together_and_the_parent_is_listed_as_sold_out(app_context: Flask) -> None:
    parent = make_product("Boots", stock=0)
    sizes = [
        make_product(f"Boots, {size}", "90.00", 1, parent_id=parent, options={"Size": str(size)})
        for size in range(38, 46)
    ]
    guests = [make_guest() for _ in sizes]
    for guest, size in zip(guests, sizes, strict=True):
        fill_cart(guest, (size, 1))
    results = at_once(app_context, [partial(place_order, guest, order_request("90.00")) for guest in guests])
    assert all(isinstance(result, PlacedOrder) for result in results), results
    listed = sa.text("SELECT available FROM product_search WHERE product_id = :parent").bindparams(
        parent=parent
    )
    assert session().scalar(listed) is False
    assert_books_balance()


def test_double_click_makes_one_order(app_context: Flask) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=50)
    fill_cart(guest, (kettle, 2))
    request = order_request("160.00")
    results = at_once(app_context, [partial(place_order, guest, request) for _ in range(8)])
    numbers = {result.number for result in results if isinstance(result, PlacedOrder)}
    assert len(numbers) == 1, results
    assert sum(isinstance(result, PlacedOrder) for result in results) == 8
    assert session().scalar(sa.select(sa.func.count()).select_from(Order)) == 1
    assert stock_of(kettle) == Stock(48, 0)
    assert_books_balance()


def test_two_browsers_of_one_cart_make_one_order(app_context: Flask) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=50)
    fill_cart(guest, (kettle, 2))
    results = at_once(app_context, [partial(place_order, guest, order_request("160.00")) for _ in range(6)])
    assert sum(isinstance(result, PlacedOrder) for result in results) == 1, results
    placed = sa.select(sa.func.count()).select_from(Order).where(Order.status == "placed")
    assert session().scalar(placed) == 1
    assert stock_of(kettle) == Stock(48, 0)
    assert_books_balance()


def test_cancelling_at_once_gives_the_goods_back_once(app_context: Flask) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    placed = place_order(guest, order_request("160.00"))
    me = Identity(None, guest.session_id, frozenset({placed.order_id}))
    at_once(app_context, [partial(cancel_order, me, placed.number) for _ in range(6)])
    assert stock_of(kettle) == Stock(5, 0)
    assert_books_balance()


def test_buyers_adjustments_and_jobs_at_once_never_deadlock(app_context: Flask) -> None:
    products = [make_product(f"Product {number}", "10.00", stock=60) for number in range(5)]
    draw = random.Random(3)
    work = []
    for _ in range(40):
        guest = make_guest()
        basket = [(product, 1) for product in draw.sample(products, 3)]
        fill_cart(guest, *basket)
        work.append(partial(place_order, guest, order_request(total_of(guest))))
    for number in range(30):
        work.append(partial(inventory.adjust_stock, draw.choice(products), 1 if number % 2 else -1))
    work += [inventory.release_expired, later(settle_stranded_orders)] * 5
    draw.shuffle(work)
    results = at_once(app_context, work, together=12)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert_books_balance()


def later(job: object) -> object:
    """The job as it runs two minutes from now, when drafts under way look stranded to it."""

    def run() -> object:
        with frozen(now() + timedelta(minutes=2)):
            return job()  # type: ignore[operator]

    return run
