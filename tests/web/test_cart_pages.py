"""The cart's pages: with HTMX and without, with good input and bad."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from flask import Flask

from storefront.cart.queries import cart_view
from storefront.core.identity import Identity
from tests.factories.buying import (
    change_product,
    fill_cart,
    guest_with_token,
    make_product,
    shopper_with_token,
)
from tests.web.paper_browser import PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture
def guest(app: Flask) -> tuple[Identity, PaperBrowser]:
    with app.app_context():
        identity, token = guest_with_token()
    return identity, PaperBrowser(app, token)


def product(app: Flask, *arguments: object, **values: object) -> str:
    with app.app_context():
        return str(make_product(*arguments, **values))  # type: ignore[arg-type]


def quantities(app: Flask, identity: Identity) -> dict[str, int]:
    with app.app_context():
        return {line.name: line.quantity for line in cart_view(identity).snapshot.lines}


def badge(text: str) -> str:
    found = re.search(r'id="cart-count"[^>]*data-count="(\d+)"', text)
    assert found, "no badge"
    return found.group(1)


def announced(response: object) -> str:
    return json.loads(response.headers["HX-Trigger-After-Swap"])["announce"]  # type: ignore[attr-defined, no-any-return]


def test_first_product_of_a_newcomer_makes_a_session_and_a_cart(app: Flask) -> None:
    kettle = product(app, "Kettle")
    browser = PaperBrowser(app)
    response = browser.post("/cart/lines", {"product_id": kettle, "quantity": "2"})
    assert (response.status_code, response.headers["Location"]) == (303, "/cart")
    page = browser.follow(response)
    assert "In your cart: Kettle." in page.text
    assert badge(page.text) == "2"
    assert "€40.00" in page.text


def test_adding_with_htmx_answers_with_the_drawer_and_the_badge(app: Flask, guest: tuple) -> None:
    kettle = product(app, "Kettle")
    response = guest[1].ask("/cart/lines", {"product_id": kettle, "quantity": "3"})
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<div id="cart-drawer-body"')
    assert 'hx-swap-oob="true"' in response.text
    assert badge(response.text) == "3"
    assert announced(response) == "Added to your cart: Kettle. There are 3 items in your cart."


def test_line_is_added_by_sku_too(app: Flask, guest: tuple) -> None:
    product(app, "Kettle", sku="KET-1")
    guest[1].post("/cart/lines", {"sku": "KET-1"})
    assert quantities(app, guest[0]) == {"Kettle": 1}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"sku": "NO-SUCH"}, "We do not sell this product (any more). Your cart is as it was."),
        ({"product_id": "not-an-id"}, "We do not sell this product (any more)."),
        ({"product_id": str(uuid.UUID(int=1))}, "We do not sell this product (any more)."),
        ({}, "We do not sell this product (any more)."),
        ({"quantity": "0"}, "Please choose a quantity from 1 to 99."),
        ({"quantity": "-1"}, "Please choose a quantity from 1 to 99."),
        ({"quantity": "1000"}, "One order holds at most 99 of a product."),
        ({"quantity": "9" * 5000}, "One order holds at most 99 of a product."),
        ({"quantity": "abc"}, "Please give the quantity as a whole number from 1 to 99."),
        ({"quantity": "1.5"}, "Please give the quantity as a whole number from 1 to 99."),
        ({"quantity": ""}, "Please give the quantity as a whole number from 1 to 99."),
        ({"quantity": "11"}, "Only 10 of “Kettle” are left. You asked for 11."),
    ],
)
def test_bad_input_gets_a_clear_sentence_and_loses_nothing(
    app: Flask, guest: tuple, data: dict[str, str], sentence: str
) -> None:
    identity, browser = guest
    kettle = product(app, "Kettle")
    mug = product(app, "Mug")
    browser.post("/cart/lines", {"product_id": mug})
    sent = {"product_id": kettle} | data if data and "quantity" in data else data
    fragment = browser.ask("/cart/lines", sent)
    assert fragment.status_code == 409
    assert fragment.headers["HX-Retarget"] == "#flash"
    assert sentence in fragment.text
    page = browser.post("/cart/lines", sent, headers={"Referer": "http://localhost/cart"})
    assert sentence in browser.follow(page).text
    assert quantities(app, identity) == {"Mug": 1}


def test_sold_out_is_said(app: Flask, guest: tuple) -> None:
    kettle = product(app, "Kettle", stock=0)
    assert "“Kettle” is sold out." in guest[1].ask("/cart/lines", {"product_id": kettle}).text


def test_product_with_variants_leads_to_its_page_to_choose(app: Flask, guest: tuple) -> None:
    with app.app_context():
        boots = make_product("Boots", stock=0, slug="boots")
        make_product("Boots, 38", parent_id=boots, options={"Size": "38"})
    browser = guest[1]
    response = browser.post("/cart/lines", {"product_id": str(boots)})
    assert (response.status_code, response.headers["Location"]) == (303, "/p/boots")
    assert browser.ask("/cart/lines", {"product_id": str(boots)}).headers["HX-Redirect"] == "/p/boots"
    assert "“Boots” comes in several versions. Please choose one first." in browser.follow(response).text


def test_quantity_is_changed_in_place_and_said(app: Flask, guest: tuple) -> None:
    identity, browser = guest
    kettle = product(app, "Kettle")
    browser.post("/cart/lines", {"product_id": kettle})
    response = browser.ask("/cart/quantity", {"product_id": kettle, "quantity": "4", "view": "page"})
    assert response.text.lstrip().startswith('<div id="cart"')
    assert badge(response.text) == "4"
    assert announced(response) == "Kettle: 4 in your cart. There are 4 items in your cart."
    assert quantities(app, identity) == {"Kettle": 4}


@pytest.mark.parametrize(
    ("quantity", "sentence"),
    [
        ("0", "from 1 to 99"),
        ("-3", "from 1 to 99"),
        ("1000", "at most 99"),
        ("9" * 400, "at most 99"),
        ("abc", "whole number"),
        ("11", "Only 10 of “Kettle” are left"),
    ],
)
def test_bad_quantity_leaves_the_line_as_it_was(
    app: Flask, guest: tuple, quantity: str, sentence: str
) -> None:
    identity, browser = guest
    kettle = product(app, "Kettle")
    browser.post("/cart/lines", {"product_id": kettle, "quantity": "2"})
    fragment = browser.ask("/cart/quantity", {"product_id": kettle, "quantity": quantity, "view": "page"})
    assert fragment.status_code == 422
    assert sentence in fragment.text
    assert 'value="2"' in fragment.text
    plain = browser.post("/cart/quantity", {"product_id": kettle, "quantity": quantity, "view": "page"})
    assert sentence in browser.follow(plain).text
    assert quantities(app, identity) == {"Kettle": 2}


@pytest.mark.parametrize("with_htmx", [True, False])
def test_removed_line_can_be_put_back(app: Flask, guest: tuple, with_htmx: bool) -> None:
    identity, browser = guest
    kettle = product(app, "Kettle")
    browser.post("/cart/lines", {"product_id": kettle, "quantity": "3"})
    data = {"product_id": kettle, "view": "page"}
    if with_htmx:
        response = browser.ask("/cart/removal", data)
        assert announced(response) == "Removed: Kettle. Your cart is empty."
        assert badge(response.text) == "0"
    else:
        response = browser.follow(browser.post("/cart/removal", data))
    assert quantities(app, identity) == {}
    undo = browser.form(response, "/cart/lines")
    assert "Removed: Kettle." in response.text
    browser.submit(undo)
    assert quantities(app, identity) == {"Kettle": 3}
    assert "Put it back" not in browser.get("/cart").text


def test_what_has_changed_is_said_and_taken_over_with_one_button(app: Flask, guest: tuple) -> None:
    identity, browser = guest
    with app.app_context():
        dearer, scarce, gone = make_product("Dearer", "10.00"), make_product("Scarce"), make_product("Gone")
        fill_cart(identity, (dearer, 1), (scarce, 5), (gone, 1))
        change_product(dearer, price=Decimal("12.00"))
        change_product(scarce, reserved_quantity=7)
        change_product(gone, is_active=False)
    page = browser.get("/cart")
    for sentence in (
        "The price of “Dearer” was €10.00 and is now €12.00.",
        "Only 3 of “Scarce” are left; you have 5 in your cart.",
        "“Gone” is no longer sold.",
    ):
        assert sentence in page.text
    assert "To the checkout" not in page.text
    browser.submit(browser.form(page, "/cart/changes"))
    page = browser.get("/cart")
    assert "Something has changed" not in page.text
    assert "To the checkout" in page.text
    assert quantities(app, identity) == {"Dearer": 1, "Scarce": 3}


def test_empty_cart_shows_ways_on(app: Flask) -> None:
    page = PaperBrowser(app).get("/cart")
    assert page.status_code == 200
    assert "Your cart is empty" in page.text
    assert 'href="/search"' in page.text


def test_drawer_is_a_fragment_and_sends_others_to_the_page(app: Flask, guest: tuple) -> None:
    assert guest[1].ask("/cart/drawer").text.lstrip().startswith('<div id="cart-drawer-body"')
    assert guest[1].get("/cart/drawer").headers["Location"] == "/cart"


def test_forged_request_without_a_token_changes_nothing(app: Flask, guest: tuple) -> None:
    identity, browser = guest
    response = browser.client.post("/cart/lines", data={"product_id": product(app, "Kettle")})
    assert response.status_code == 400
    assert quantities(app, identity) == {}


def test_cart_is_read_in_three_queries_beside_the_visitor(app: Flask, assert_queries: AssertQueries) -> None:
    with app.app_context():
        identity, token = shopper_with_token()
        fill_cart(identity, *((make_product(f"Product {number}"), 1) for number in range(12)))
    browser = PaperBrowser(app, token)
    browser.get("/cart")
    with assert_queries(4):
        browser.get("/cart")
    with assert_queries(3):  # the visitor, the cart, what promotions take off it
        browser.ask("/cart/drawer")


def test_adding_takes_few_queries(app: Flask, guest: tuple, assert_queries: AssertQueries) -> None:
    kettle = product(app, "Kettle")
    guest[1].csrf()
    with assert_queries(6):  # the last one asks what promotions take off: the drawer shows what will be paid
        guest[1].ask("/cart/lines", {"product_id": kettle})


def test_newcomer_who_only_looks_costs_no_cart_query(app: Flask, assert_queries: AssertQueries) -> None:
    browser = PaperBrowser(app)
    browser.get("/cart")
    with assert_queries(0):
        browser.get("/cart")
