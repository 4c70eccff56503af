"""The checkout and the order's pages, as people without JavaScript see them, and as HTMX asks for their parts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from storefront.accounts.services import AddressInput, add_address
from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.inventory.services import adjust_stock, release_expired
from storefront.orders.models import Order
from storefront.orders.queries import orders_of
from storefront.payments import services as payments
from tests.factories.buying import (
    Stock,
    change_product,
    fill_cart,
    guest_with_token,
    make_product,
    make_shipping,
    shopper_with_token,
    stock_of,
)
from tests.factories.promotions import make_gift_card
from tests.web.paper_browser import HTMX, PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]
ADDRESS = {
    "shipping-full_name": "Ida Larsen",
    "shipping-line1": "Am Hang 3",
    "shipping-postal_code": "10115",
    "shipping-city": "Berlin",
    "shipping-country": "DE",
}
TYPED = ADDRESS | {"email": "ida@example.com", "note": "Ring <twice>"}


@pytest.fixture(autouse=True)
def _shipping(app: Flask) -> None:
    with app.app_context():
        make_shipping()


@pytest.fixture
def guest(app: Flask) -> tuple[Identity, PaperBrowser]:
    """A guest with a kettle for 30 and two mugs for 10 in the cart: 50.00, shipping 4.90."""
    with app.app_context():
        identity, token = guest_with_token()
        fill_cart(
            identity, (make_product("Kettle", "30.00", sku="KET-1"), 1), (make_product("Mug", "10.00"), 2)
        )
    return identity, PaperBrowser(app, token)


def place(browser: PaperBrowser, **values: str) -> TestResponse:
    form = browser.form(browser.get("/checkout"), "/checkout")
    return browser.submit(form, **TYPED | values)


def orders(app: Flask) -> list[Order]:
    with app.app_context():
        return list(session().scalars(sa.select(Order).where(Order.status == "placed")))


def test_guest_orders_from_cart_to_thanks(app: Flask, guest: tuple) -> None:
    page = guest[1].get("/checkout")
    assert page.status_code == 200
    assert "€54.90" in page.text
    assert "Order and pay €54.90" in page.text
    response = place(guest[1], payment_method="on_delivery", shipping_method="standard")
    order = orders(app)[0]
    assert response.headers["Location"] == f"/orders/{order.order_number}/thanks"
    thanks = guest[1].follow(response)
    assert "Thank you for your order" in thanks.text
    assert "ida@example.com" in thanks.text
    assert "You pay when the parcel arrives." in thanks.text
    shown = guest[1].get(f"/orders/{order.order_number}")
    for text in ("Kettle", "KET-1", "Am Hang 3", "10115 Berlin", "Germany", "€54.90", "Ring &lt;twice&gt;"):
        assert text in shown.text
    assert guest[1].get("/cart").text.count("Your cart is empty") == 1


def test_placing_on_invoice_is_one_transaction_within_its_budget(
    guest: tuple, assert_queries: AssertQueries
) -> None:
    form = guest[1].form(guest[1].get("/checkout"), "/checkout")
    with assert_queries(20):  # with the visitor's session before it, and after it the order that they may see
        assert guest[1].submit(form, **TYPED).status_code == 303


def test_other_people_find_no_order_there(app: Flask, guest: tuple) -> None:
    place(guest[1])
    number = orders(app)[0].order_number
    with app.app_context():
        _, token = shopper_with_token()
    for stranger in (PaperBrowser(app), PaperBrowser(app, token)):
        for path in (
            f"/orders/{number}",
            f"/orders/{number}/thanks",
            f"/orders/{number}/cancel",
            f"/checkout/pay/{number}",
            f"/checkout/return?order={number}",
        ):
            page = stranger.get(path)
            assert page.status_code == 404
            assert "Kettle" not in page.text
        assert stranger.post(f"/orders/{number}/cancel", {"reason": "mine"}).status_code == 404
    assert orders(app)[0].order_number == number
    assert PaperBrowser(app).get("/orders/NOSUCH22").status_code == 404


def test_everything_typed_is_kept_and_each_error_stands_at_its_field(app: Flask, guest: tuple) -> None:
    response = place(
        guest[1],
        **{
            "email": "not-an-address",
            "shipping-postal_code": "1",
            "shipping-line1": "",
            "payment_method": "on_delivery",
        },
    )
    assert response.status_code == 422
    for sentence in (
        "Please enter an e-mail address like name@example.com.",
        "That is not a postal code of Germany. It looks like 26133.",
        "Please enter the street.",
    ):
        assert response.text.count(sentence) == 2, "once above the form, once at the field"
    again = guest[1].form(response, "/checkout").values
    assert again["email"] == "not-an-address"
    assert again["shipping-full_name"] == "Ida Larsen"
    assert again["shipping-city"] == "Berlin"
    assert again["note"] == "Ring <twice>"
    assert again["payment_method"] == "on_delivery"
    assert orders(app) == []
    assert guest[1].submit(guest[1].form(response, "/checkout"), **TYPED).status_code == 303


def test_invoice_goes_elsewhere_only_when_asked(app: Flask, guest: tuple) -> None:
    billing = {
        "billing-full_name": "Larsen AB",
        "billing-line1": "Ringen 9",
        "billing-postal_code": "1010",
        "billing-city": "Wien",
        "billing-country": "AT",
    }
    refused = place(guest[1], other_billing="y")
    assert refused.status_code == 422
    assert "Please enter the name." in refused.text
    place(guest[1], other_billing="y", **billing)
    order = orders(app)[0]
    assert order.billing_address["full_name"] == "Larsen AB"
    assert order.shipping_address["full_name"] == "Ida Larsen"
    shown = guest[1].get(f"/orders/{order.order_number}").text
    assert "The invoice goes to" in shown
    assert "Ringen 9" in shown


def test_double_click_leads_to_the_same_order(app: Flask, guest: tuple) -> None:
    form = guest[1].form(guest[1].get("/checkout"), "/checkout")
    first = guest[1].submit(form, **TYPED)
    second = guest[1].submit(form, **TYPED)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert len(orders(app)) == 1


def test_changed_price_is_shown_from_and_to_before_anything_is_ordered(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    with app.app_context():
        kettle = session().scalar(sa.text("SELECT id FROM products WHERE sku = 'KET-1'"))
        change_product(kettle, price=Decimal("35.00"))
    response = browser.submit(form, **TYPED)
    assert response.status_code == 409
    assert "It was €54.90 and is now €59.90." in response.text
    assert "Kettle: from €30.00 to €35.00." in response.text
    assert orders(app) == []
    again = browser.form(response, "/checkout")
    assert again.values["shipping-city"] == "Berlin"
    assert browser.submit(again).status_code == 303
    assert orders(app)[0].total_amount == Decimal("59.90")


@pytest.mark.parametrize(
    "expected", ["0.01", "NaN", "sNaN", "Infinity", "1e40", "-1e999999", "abc", "", "-5"]
)
def test_tampered_total_orders_nothing(app: Flask, guest: tuple, expected: str) -> None:
    response = place(guest[1], expected_total=expected, seen="[[]]")
    assert response.status_code == 409
    assert "is now €54.90" in response.text
    assert orders(app) == []


@pytest.mark.parametrize(
    ("tampered", "sentence"),
    [
        ({"shipping_method": "teleport"}, "We do not ship this way to that address."),
        ({"shipping_method": "standard-eu"}, "We do not ship this way to that address."),
        ({"payment_method": "gold"}, "You cannot pay this way for this order."),
        ({"payment_method": "gift_card"}, "You cannot pay this way for this order."),
        ({"payment_method": "stripe"}, "You cannot pay this way for this order."),
        ({"shipping-country": "XX"}, "Please choose a country from the list."),
        ({"shipping-country": "\0"}, "Please choose a country from the list."),
        ({"note": "a\0b"}, "Please use plain text."),
        ({"expected_total": "1", "seen": '[["line", 1, 2, "1e99"]]'}, "is now €54.90"),
        ({"expected_total": "1", "seen": '[["shipping", "", "", "sNaN"]]'}, "is now €54.90"),
        ({"expected_gift_card": "54.90"}, "gift card"),
        ({"expected_gift_card": "-54.90"}, "gift card"),
    ],
)
def test_tampered_form_orders_nothing_and_says_why(
    app: Flask, guest: tuple, tampered: dict[str, str], sentence: str
) -> None:
    response = place(guest[1], **tampered)
    assert response.status_code in (409, 422)
    assert sentence in response.text
    assert nothing_happened(app)


@pytest.mark.parametrize(
    "tampered",
    [
        {"idempotency_key": "x"},
        {"seen": "{"},
        {"seen": '[["line", 1, 2, "x"]]'},
        {"expected_gift_card": "NaN"},
        {"price": "0.01", "total": "0.01", "currency": "JPY", "user_id": str(uuid.UUID(int=1))},
    ],
)
def test_what_nobody_reads_changes_no_order(app: Flask, guest: tuple, tampered: dict[str, str]) -> None:
    assert place(guest[1], **tampered).status_code == 303
    (order,) = orders(app)
    assert (order.total_amount, order.currency, order.user_id) == (Decimal("54.90"), "EUR", None)


def nothing_happened(app: Flask) -> bool:
    """No order in whatever state, nothing held, nothing to pay, and the cart is full."""
    with app.app_context():
        counts = "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {}), (SELECT count(*) FROM {})"
        tables = ("orders", "payments", "stock_reservations")
        rows = session().execute(sa.text(counts.format(*tables))).one()
        held = session().scalar(sa.text("SELECT sum(reserved_quantity) FROM products"))
        units = session().scalar(sa.text("SELECT sum(quantity) FROM cart_items"))
        session().rollback()
    return (*rows, held, units) == (0, 0, 0, 0, 3)


def test_price_in_another_currency_is_not_charged_as_ours(app: Flask, guest: tuple) -> None:
    form = guest[1].form(guest[1].get("/checkout"), "/checkout")
    with app.app_context():
        kettle = session().scalar(sa.text("SELECT id FROM products WHERE sku = 'KET-1'"))
        change_product(kettle, currency="JPY")
    response = guest[1].submit(form, **TYPED)
    assert response.status_code == 409
    assert "“Kettle”" in response.text
    assert nothing_happened(app)


def test_gift_card_of_another_currency_is_not_taken(app: Flask, guest: tuple) -> None:
    with app.app_context():
        card = make_gift_card("30.00")
        with transaction():
            session().execute(sa.text("UPDATE gift_cards SET currency = 'JPY'"))
    form = guest[1].form(guest[1].get("/checkout"), "/checkout")
    data = form.values | {"gift_card": card.code, "act": "gift_card"}
    response = guest[1].client.post("/checkout/codes", data=data)
    assert response.status_code == 422
    assert "We know no gift card with this code that can be used." in response.text
    assert "Order and pay €54.90" in response.text
    assert nothing_happened(app)


def test_hold_that_ran_out_is_taken_up_again_or_named_as_sold_out(
    app: Flask, guest: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = guest[1].form(guest[1].get("/checkout"), "/checkout")
    with (
        monkeypatch.context() as patched
    ):  # somebody has to be asked, and the process dies once the goods are held
        patched.setattr(payments, "authorise_at_once", lambda *_: None)
        patched.setattr(payments, "authorise", _dies)
        with pytest.raises(KeyboardInterrupt):
            guest[1].submit(form, **TYPED)
    with app.app_context():
        kettle = session().scalar(sa.text("SELECT id FROM products WHERE sku = 'KET-1'"))
        with frozen(now() + timedelta(minutes=20)):
            assert release_expired() == 3
        adjust_stock(kettle, -10)
    response = guest[1].submit(form, **TYPED)
    assert response.status_code == 409
    assert "“Kettle” is sold out." in response.text
    assert orders(app) == []
    with app.app_context():
        adjust_stock(kettle, 1)
    again = guest[1].submit(guest[1].form(guest[1].get("/checkout"), "/checkout"), **TYPED)
    assert again.headers["Location"].endswith("/thanks")
    (order,) = orders(app)
    assert order.total_amount == Decimal("54.90")
    with app.app_context():
        assert stock_of(kettle) == Stock(0, 0)
        paid = session().execute(sa.text("SELECT status FROM payments ORDER BY created_at")).scalars().all()
        session().rollback()
    assert paid == ["cancelled", "authorised"], "once, by the order that counts"


def _dies(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_sold_out_in_between_names_the_line_and_keeps_the_form(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    with app.app_context():
        kettle = session().scalar(sa.text("SELECT id FROM products WHERE sku = 'KET-1'"))
        change_product(kettle, reserved_quantity=10)
    response = browser.submit(form, **TYPED)
    assert response.status_code == 409
    assert "“Kettle” is sold out." in response.text
    again = browser.form(response, "/checkout")
    assert again.values["shipping-line1"] == "Am Hang 3"
    without = browser.client.post("/checkout/update", data=again.values | {"accept": "1"})
    assert "“Kettle”" not in without.text
    assert browser.form(without, "/checkout").values["note"] == "Ring <twice>"
    assert browser.submit(browser.form(without, "/checkout")).status_code == 303
    assert orders(app)[0].total_amount == Decimal("24.90")
    with app.app_context():
        assert stock_of(kettle).stock == 10


def test_country_decides_how_it_travels_without_javascript(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    page = browser.client.post(
        "/checkout/update",
        data=form.values | TYPED | {"shipping-country": "AT", "shipping-postal_code": "1010"},
    )
    assert page.status_code == 200
    assert "Order and pay €59.90" in page.text
    assert 'id="shipping-method-standard-eu"' in page.text
    assert 'id="shipping-method-express"' not in page.text
    assert browser.submit(browser.form(page, "/checkout")).status_code == 303
    order = orders(app)[0]
    assert (order.shipping_method, order.shipping_amount) == ("standard-eu", Decimal("9.90"))


def test_country_swaps_options_and_summary_with_htmx(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    form = browser.form(browser.get("/checkout"), "/checkout")
    response = browser.client.post(
        "/checkout/update",
        data=form.values | TYPED | {"shipping-country": "AT"},
        headers=HTMX | {"HX-Target": "checkout-options"},
    )
    assert response.text.lstrip().startswith('<div id="checkout-options"')
    assert 'id="checkout-summary"' in response.text
    assert 'hx-swap-oob="true"' in response.text
    assert "<form" not in response.text
    assert json.loads(response.headers["HX-Trigger-After-Swap"]) == {"announce": "The total is €59.90."}


def test_country_list_holds_only_where_we_deliver(guest: tuple) -> None:
    page = guest[1].get("/checkout").text
    shipping = page[page.index('id="shipping-country"') :]
    shipping = shipping[: shipping.index("</select>")]
    assert 'value="AT"' in shipping
    assert 'value="JP"' not in shipping


def test_signed_in_shopper_finds_their_address_filled_in(app: Flask) -> None:
    with app.app_context():
        shopper, token = shopper_with_token("ida@example.com")
        fill_cart(shopper, (make_product("Kettle", "80.00"), 1))
        for city in ("Berlin", "Hamburg"):
            add_address(shopper, AddressInput("Ida Larsen", f"{city}er Weg 1", "10115", city, "DE"))
    browser = PaperBrowser(app, token)
    page = browser.get("/checkout")
    form = browser.form(page, "/checkout")
    assert "You are signed in as ida@example.com" in page.text
    assert "email" not in form.values
    assert form.values["shipping-city"] == "Berlin"
    hamburg = page.text.split("Hamburger Weg 1")[0].rsplit('value="', 1)[1].split('"')[0]
    filled = browser.client.post(
        "/checkout/update", data=form.values | {"fill": "shipping", "saved-shipping": hamburg}
    )
    again = browser.form(filled, "/checkout")
    assert again.values["shipping-city"] == "Hamburg"
    response = browser.submit(again)
    assert response.status_code == 303
    with app.app_context():
        assert shopper.user_id is not None
        assert orders_of(shopper.user_id).total == 1
    assert browser.follow(response).status_code == 200


def test_empty_cart_has_nothing_to_check_out(app: Flask) -> None:
    browser = PaperBrowser(app)
    response = browser.get("/checkout")
    assert response.headers["Location"] == "/cart"
    assert "nothing to order" in browser.follow(response).text
    assert browser.post("/checkout", TYPED).headers["Location"] == "/cart"


def test_guest_finds_the_order_again_from_another_browser(app: Flask, guest: tuple) -> None:
    place(guest[1])
    number = orders(app)[0].order_number
    browser = PaperBrowser(app)
    wrong_email = browser.post("/orders/find", {"number": number, "email": "other@example.com"})
    wrong_number = browser.post("/orders/find", {"number": "NOSUCH22", "email": "ida@example.com"})
    for refused in (wrong_email, wrong_number):
        assert refused.status_code == 422
        assert "We found no order with this number and this e-mail address." in refused.text
    assert browser.get(f"/orders/{number}").status_code == 404
    found = browser.post("/orders/find", {"number": f" {number.lower()} ", "email": "IDA@example.com"})
    assert found.headers["Location"] == f"/orders/{number}"
    assert "Am Hang 3" in browser.follow(found).text


def test_guessing_order_numbers_is_slowed_down(app: Flask) -> None:
    browser = PaperBrowser(app)
    statuses = [
        browser.post("/orders/find", {"number": f"GUESS{turn:03}", "email": "ida@example.com"}).status_code
        for turn in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_cancelling_asks_first_and_puts_the_goods_back(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    place(browser)
    number = orders(app)[0].order_number
    question = browser.get(f"/orders/{number}/cancel")
    assert "Cancel this order?" in question.text
    assert len(orders(app)) == 1
    response = browser.submit(browser.form(question, f"/orders/{number}/cancel"), reason="Too late")
    page = browser.follow(response)
    assert "Your order was cancelled." in page.text
    assert "There is nothing to pay." in page.text
    assert "Cancel the order" not in page.text
    assert orders(app) == []
    assert "was cancelled before" in browser.follow(browser.get(f"/orders/{number}/cancel")).text


def test_packed_order_offers_no_cancelling(app: Flask, guest: tuple) -> None:
    place(guest[1])
    number = orders(app)[0].order_number
    with app.app_context(), transaction():
        session().execute(sa.update(Order).values(status="processing"))
    assert "Cancel the order" not in guest[1].get(f"/orders/{number}").text
    response = guest[1].post(f"/orders/{number}/cancel", {})
    assert "can no longer be cancelled" in guest[1].follow(response).text


def test_checkout_is_read_in_six_queries_beside_the_visitor(
    app: Flask, assert_queries: AssertQueries
) -> None:
    with app.app_context():
        shopper, token = shopper_with_token()
        fill_cart(shopper, *((make_product(f"Product {number}"), 2) for number in range(8)))
    browser = PaperBrowser(app, token)
    browser.get("/checkout")
    with assert_queries(7):
        page = browser.get("/checkout")
    form = browser.form(page, "/checkout")
    with assert_queries(7):
        browser.client.post(
            "/checkout/update", data=form.values, headers=HTMX | {"HX-Target": "checkout-options"}
        )


def test_order_pages_are_kept_by_no_cache(app: Flask, guest: tuple) -> None:
    place(guest[1])
    for path in ("/checkout", f"/orders/{orders(app)[0].order_number}"):
        assert guest[1].get(path).headers["Cache-Control"] == "no-store"
