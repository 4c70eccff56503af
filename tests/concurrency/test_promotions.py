"""More buyers than uses, one code in many hands, a gift card from two sides: what is refused is not charged."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart import services as carts
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.inventory.queries import stock_differences
from storefront.orders.errors import TotalChanged
from storefront.orders.models import Order
from storefront.orders.requests import PlaceOrder
from storefront.orders.services import PlacedOrder, cancel_order, place_order
from storefront.orders.verification import order_differences
from storefront.payments import services as payments
from storefront.payments.models import Payment
from storefront.promotions.errors import GiftCardBalanceChanged, PromotionUsedUp
from storefront.promotions.services import add_codes, issue_gift_card
from storefront.promotions.verification import promotion_differences
from tests.concurrency.test_orders import later
from tests.concurrency.threads import at_once
from tests.factories.buying import (
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
    stock_of,
)
from tests.factories.promotions import balance_of, make_gift_card, make_promotion, uses_of

pytestmark = pytest.mark.concurrency


@pytest.fixture(autouse=True)
def _shipping(app_context: Flask) -> None:
    make_shipping()


def assert_books_balance() -> None:
    session().rollback()
    assert stock_differences() == []
    assert order_differences() == []
    assert promotion_differences() == []
    session().rollback()


def charged() -> int:
    """How many orders somebody will pay for."""
    promised = sa.select(sa.func.count()).select_from(Payment).where(Payment.status == "authorised")
    return session().scalar(promised) or 0


def placed_of(results: Sequence[object]) -> list[PlacedOrder]:
    return [one for one in results if isinstance(one, PlacedOrder)]


def buyer_with(code: str, *lines: tuple[object, int]) -> Identity:
    guest = make_guest()
    fill_cart(guest, *lines)  # type: ignore[arg-type]
    carts.enter_coupon(guest, code)
    return guest


def test_a_coupon_of_ten_uses_is_used_exactly_ten_times_by_eighty_buyers(crowded_app: Flask) -> None:
    kettle = make_product(price="100.00", stock=500)
    coupon = make_promotion("amount", "20", code="TEN", usage_limit=10)
    buyers = [buyer_with("TEN", (kettle, 1)) for _ in range(80)]
    requests = [order_request("80.00", email=f"buyer-{number}@example.com") for number in range(80)]
    work = [partial(place_order, buyer, one) for buyer, one in zip(buyers, requests, strict=True)]
    results = at_once(crowded_app, work)
    assert len(placed_of(results)) == 10
    refused = [one for one in results if isinstance(one, PromotionUsedUp | TotalChanged)]
    assert len(refused) == 70, results
    assert uses_of(coupon) == (10, 10)
    assert charged() == 10, "nobody is both charged and refused"
    assert stock_of(kettle).stock == 490
    assert stock_of(kettle).reserved == 0
    assert_books_balance()


def test_a_customer_uses_it_once_however_many_browsers_they_have_signed_in_or_not(app_context: Flask) -> None:
    kettle = make_product(price="100.00", stock=50)
    coupon = make_promotion("amount", "20", code="ONCE", usage_limit_per_user=1)
    buyers = [buyer_with("ONCE", (kettle, 1)) for _ in range(7)]
    signed_in = make_shopper("ida@example.com")
    fill_cart(signed_in, (kettle, 1))
    carts.enter_coupon(signed_in, "ONCE")
    buyers.append(signed_in)
    results = at_once(app_context, [partial(place_order, one, order_request("80.00")) for one in buyers])
    assert len(placed_of(results)) == 1, results
    assert uses_of(coupon) == (1, 1)
    assert_books_balance()


def test_a_code_of_one_use_in_many_hands_works_once(app_context: Flask) -> None:
    kettle = make_product(price="100.00", stock=50)
    batch = make_promotion("amount", "20", has_single_codes=True)
    code, other = add_codes(None, batch, 2)
    buyers = [buyer_with(code, (kettle, 1)) for _ in range(8)] + [buyer_with(other, (kettle, 1))]
    requests = [order_request("80.00", email=f"hand-{number}@example.com") for number in range(9)]
    work = [partial(place_order, buyer, one) for buyer, one in zip(buyers, requests, strict=True)]
    results = at_once(app_context, work)
    assert len(placed_of(results[:8])) == 1, results
    assert isinstance(results[8], PlacedOrder), results[8]
    assert uses_of(batch) == (2, 2)
    assert_books_balance()


def test_a_gift_card_drained_from_many_sides_is_never_overdrawn(app_context: Flask) -> None:
    kettle = make_product(price="80.00", stock=50)
    card = make_gift_card("100.00")
    buyers = []
    for _ in range(8):
        buyer = make_guest()
        fill_cart(buyer, (kettle, 1))
        carts.enter_gift_card(buyer, card.code)
        buyers.append(buyer)
    wanted = order_request("80.00", expected_gift_card=Decimal("80.00"))
    requests = [replace(wanted, idempotency_key=f"{wanted.idempotency_key}-{number}") for number in range(8)]
    work = [partial(place_order, buyer, one) for buyer, one in zip(buyers, requests, strict=True)]
    results = at_once(app_context, work)
    assert len(placed_of(results)) == 1, results
    assert sum(isinstance(one, GiftCardBalanceChanged) for one in results) == 7, results
    balance, ledger = balance_of(card)
    assert balance == Decimal("20.00")
    assert [delta for _, delta in ledger] == [Decimal(100), Decimal(-80)], "nobody both charged and refused"
    assert charged() == 1
    assert stock_of(kettle).stock == 49
    assert_books_balance()


def test_cancelling_at_once_gives_everything_back_once(app_context: Flask) -> None:
    kettle, shopper = make_product(price="100.00", stock=5), make_shopper()
    coupon, card = make_promotion("amount", "20", code="BACK"), make_gift_card("30.00")
    fill_cart(shopper, (kettle, 1))
    carts.enter_coupon(shopper, "back")
    carts.enter_gift_card(shopper, card.code)
    placed = place_order(shopper, order_request("80.00", email="", expected_gift_card=Decimal(30)))
    assert uses_of(coupon) == (1, 1)
    at_once(app_context, [partial(cancel_order, shopper, placed.number) for _ in range(6)])
    assert uses_of(coupon) == (0, 0)
    assert balance_of(card)[0] == Decimal(30)
    assert len(balance_of(card)[1]) == 3
    assert_books_balance()


def test_orders_replacing_drafts_and_jobs_at_once_never_deadlock(
    app_context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storefront.orders.placing import prepare
    from storefront.orders.settling import settle_stranded_orders

    # As where somebody is asked for the money: drafts stay in between.
    monkeypatch.setattr(payments, "authorise_at_once", lambda *_: None)
    draw = random.Random(11)
    products = [make_product(f"Product {number}", "100.00", stock=200) for number in range(4)]
    for lane in ("a", "b", "c"):
        make_promotion("amount", "5", f"Lane {lane}", lane=lane)
    cards = [make_gift_card("400.00") for _ in range(2)]
    work: list[object] = []
    for _ in range(16):
        guest = make_guest()
        fill_cart(guest, *((product, 1) for product in draw.sample(products, 2)))
        carts.enter_gift_card(guest, draw.choice(cards).code)
        first = order_request("185.00", expected_gift_card=Decimal(185))
        again = order_request("185.00", expected_gift_card=Decimal(185))
        work += [partial(prepare, guest, first), partial(place_order, guest, again)]
    work += [later(settle_stranded_orders)] * 4
    draw.shuffle(work)
    results = at_once(app_context, work, together=10)  # type: ignore[arg-type]
    unexpected = [
        one
        for one in results
        if isinstance(one, Exception) and type(one).__module__.split(".")[0] != "storefront"
    ]
    assert unexpected == []
    assert_books_balance()
    for card in cards:
        assert balance_of(card)[0] >= 0


def test_a_request_sent_again_uses_nothing_twice(app_context: Flask) -> None:
    kettle = make_product(price="100.00", stock=5)
    coupon = make_promotion("amount", "20", code="TWICE")
    buyer, request = buyer_with("TWICE", (kettle, 1)), order_request("80.00")
    results = at_once(app_context, [partial(place_order, buyer, request) for _ in range(6)])
    assert len({one.order_id for one in placed_of(results)}) == 1
    assert len(placed_of(results)) == 6
    assert uses_of(coupon) == (1, 1)
    assert session().scalar(sa.select(sa.func.count()).select_from(Order)) == 1
    assert isinstance(request, PlaceOrder)
    assert_books_balance()


def test_a_form_that_is_sent_twice_at_once_issues_one_gift_card_and_one_batch(app_context: Flask) -> None:
    batch = make_promotion("amount", "5", "Fair", has_single_codes=True)
    session().rollback()
    cards = at_once(app_context, [partial(issue_gift_card, None, Decimal(25), request_key="k")] * 4)
    assert len({(one.id, one.code) for one in cards if not isinstance(one, Exception)}) == 1
    assert sorted(one.was_issued_before for one in cards if not isinstance(one, Exception)) == [
        *(False, True, True, True)
    ]
    codes = at_once(app_context, [partial(add_codes, None, batch, 3, request_key="k")] * 4)
    assert all(one == codes[0] for one in codes)
    assert isinstance(codes[0], list)
    assert len(set(codes[0])) == 3
    assert_books_balance()
