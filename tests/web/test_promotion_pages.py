"""Discount codes and gift cards on the cart, the checkout and the order's page, with and without HTMX."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart import services as carts
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.orders.models import Order
from storefront.promotions.models import Promotion
from tests.factories.buying import (
    fill_cart,
    guest_with_token,
    make_product,
    make_shipping,
    shopper_with_token,
)
from tests.factories.promotions import balance_of, make_gift_card, make_promotion
from tests.web.paper_browser import HTMX, PaperBrowser
from tests.web.test_checkout_pages import TYPED

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture
def guest(app: Flask) -> tuple[Identity, PaperBrowser]:
    """A guest with a kettle for 30 and two mugs for 10 in the cart: 50.00, shipping 4.90."""
    with app.app_context():
        make_shipping()
        identity, token = guest_with_token()
        fill_cart(identity, (make_product("Kettle", "30.00"), 1), (make_product("Mug", "10.00"), 2))
    return identity, PaperBrowser(app, token)


def test_a_code_is_entered_and_removed_on_the_cart_page(app: Flask, guest: tuple) -> None:
    with app.app_context():
        make_promotion("percent", "10", "Ten off", code="TEN")
    browser = guest[1]
    form = browser.form(browser.get("/cart"), "/cart/coupon")
    page = browser.follow(browser.submit(form, code="ten"))
    for text in ("Ten off (TEN)", "-€5.00", "€45.00", "-€3.00", "-€2.00", "Remove the code TEN"):
        assert text in page.text
    answer = browser.client.post(
        "/cart/coupon/removal",
        data=browser.form(page, "/cart/coupon/removal").values,
        headers=HTMX,
    )
    assert "Ten off" not in answer.text
    assert "Discount code" in answer.text


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("NONE", 422, "We do not know the code “NONE”."),
        ("", 422, "Please enter a code first."),
        ("BIG", 200, "The code “BIG” counts from €80.00 on. €30.00 more and it applies."),
        ("\0<b>", 422, "“&lt;B&gt;”"),
    ],
)
def test_why_a_code_does_not_apply_stands_in_a_sentence(
    app: Flask, guest: tuple, code: str, status: int, sentence: str
) -> None:
    with app.app_context():
        make_promotion("amount", "10", code="BIG", conditions={"minimum": "80.00"})
    answer = guest[1].ask("/cart/coupon", {"code": code})
    assert answer.status_code == status
    assert sentence in answer.text


def test_what_is_within_reach_is_said(app: Flask, guest: tuple) -> None:
    with app.app_context():
        make_promotion("free_shipping", "0", "Free shipping", conditions={"minimum": "60.00"})
    assert "€10.00 more and you get: Free shipping." in guest[1].get("/cart").text


def test_guessing_codes_is_slowed_down(app: Flask, guest: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = app.extensions["settings"].model_copy(update={"rate_limit_lookup": "3/minute"})
    monkeypatch.setitem(app.extensions, "settings", strict)
    browser = guest[1]
    statuses = [browser.ask("/cart/coupon", {"code": f"GUESS{number}"}).status_code for number in range(3)]
    assert statuses == [422, 422, 422]
    assert browser.ask("/cart/coupon", {"code": "GUESS4"}).status_code == 429
    card = {"act": "gift_card", "gift_card": "AAAA"}
    assert browser.post("/checkout/codes", card).status_code == 429, "both kinds of codes share the limit"
    assert browser.post("/checkout", {"gift_card": "AAAA"}).status_code == 429
    assert browser.post("/checkout", {}).status_code == 422, "who orders without a code is not slowed down"


def test_from_codes_at_the_checkout_to_the_orders_page(app: Flask, guest: tuple) -> None:
    with app.app_context():
        make_promotion("amount", "10", "Ten off", code="TEN")
        card = make_gift_card("20.00")
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    page = browser.client.post(
        "/checkout/codes", data=form.values | TYPED | {"act": "coupon", "coupon": "ten"}
    )
    assert page.status_code == 200
    assert "Ida Larsen" in page.text, "nothing typed is lost"
    assert "€44.90" in page.text
    form = browser.form(page, "/checkout")
    page = browser.client.post(
        "/checkout/codes", data=form.values | {"act": "gift_card", "gift_card": card.code}
    )
    assert "pays €20.00, €0.00 stay on it" in page.text
    assert "Order and pay €24.90" in page.text
    assert card.code not in page.text
    answer = browser.submit(browser.form(page, "/checkout"))
    assert answer.status_code == 303, answer.text[:3000]
    thanks = browser.follow(answer)
    for text in ("Ten off (TEN)", "-€10.00", "Gift card", "-€20.00", "To pay", "€24.90", "€44.90"):
        assert text in thanks.text
    with app.app_context():
        assert balance_of(card)[0] == 0


def test_a_code_that_is_typed_and_not_applied_is_applied_before_anything_is_ordered(
    app: Flask, guest: tuple
) -> None:
    with app.app_context():
        card = make_gift_card("100.00")
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    page = browser.submit(form, **TYPED, gift_card=card.code)
    assert page.status_code == 200
    assert "Your gift card covers the whole order." in page.text
    assert "Order and pay €0.00" in page.text
    thanks = browser.follow(browser.submit(browser.form(page, "/checkout")))
    assert "Your gift card has paid it." in thanks.text
    with app.app_context():
        assert session().scalar(sa.select(Order.payment_method)) == "gift_card"


def test_a_gift_card_nobody_knows_is_said_beside_the_field(guest: tuple) -> None:
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    sent = form.values | TYPED | {"act": "gift_card", "gift_card": "AAAA-BBBB"}
    answer = browser.client.post("/checkout/codes", data=sent, headers=HTMX)
    assert answer.status_code == 422
    field = re.search(
        r'name="gift_card"[^>]*aria-describedby="gift_card-error"[^>]*>\s*<p[^>]*>(.*?)</p>', answer.text
    )
    assert field, "the remark stands beside the field"
    assert "We know no gift card with this code" in field[1]
    assert "AAAA-BBBB" in answer.text, "what was typed can be mended"


def test_a_discount_that_ended_meanwhile_is_named_with_both_totals(app: Flask, guest: tuple) -> None:
    with app.app_context():
        make_promotion("amount", "10", "Ten off")
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    with app.app_context(), transaction():
        session().execute(sa.update(Promotion).values(is_active=False))
    page = browser.submit(form, **TYPED)
    assert page.status_code == 409
    assert "It was €44.90 and is now €54.90." in page.text
    assert "Does not apply any more: Ten off, €10.00." in page.text
    again = browser.submit(browser.form(page, "/checkout"))
    assert again.status_code == 303


def test_a_code_used_up_meanwhile_is_said_and_the_page_shows_todays_total(app: Flask, guest: tuple) -> None:
    with app.app_context():
        make_promotion("amount", "10", code="LAST", usage_limit=1)
        carts.enter_coupon(guest[0], "LAST")
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    with app.app_context(), transaction():
        session().execute(sa.update(Promotion).values(usage_limit=0))
    page = browser.submit(form, **TYPED)
    assert page.status_code == 409
    assert "has been used up" in page.text
    assert "Order and pay €54.90" in page.text


def test_checkout_with_everything_is_read_in_six_queries_beside_the_visitor(
    app: Flask, assert_queries: AssertQueries
) -> None:
    with app.app_context():
        make_shipping()
        shopper, token = shopper_with_token()
        fill_cart(shopper, *((make_product(f"Product {number}"), 2) for number in range(8)))
        make_promotion("amount", "10", code="TEN")
        make_promotion("free_shipping", "0", "Sent free")
        carts.enter_coupon(shopper, "TEN")
        carts.enter_gift_card(shopper, make_gift_card().code)
    browser = PaperBrowser(app, token)
    browser.get("/checkout")
    with assert_queries(7):
        browser.get("/checkout")
    with assert_queries(4):
        browser.get("/cart")
