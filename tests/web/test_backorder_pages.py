"""What has to arrive first is said on the product page, in cart, checkout and order; buying the same again."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.core.db import release
from storefront.orders.queries_for_staff import staff_order
from storefront.orders.services import ParcelRequest, place_order, ship_parcel
from tests.factories.accounts import MadeUser, make_staff, make_user, post, sign_in
from tests.factories.buying import change_product, fill_cart, make_product, make_shipping, order_request


@pytest.fixture
def shopper(app: Flask, client: FlaskClient) -> MadeUser:
    with app.app_context():
        make_shipping()
        person = make_user()
    sign_in(client, person)
    return person


@pytest.mark.parametrize(
    ("stock", "said", "schema"),
    [
        (9, "In stock", "InStock"),
        (2, "2 in stock, more on back-order", "InStock"),
        (0, "On back-order", "BackOrder"),
    ],
)
def test_the_products_page_says_what_is_there(
    app: Flask, client: FlaskClient, stock: int, said: str, schema: str
) -> None:
    with app.app_context():
        make_product("Kettle", "80.00", stock, backorder_limit=3, slug="kettle")
    page = client.get("/p/kettle").text
    assert said in page
    assert f"schema.org/{schema}" in page
    assert 'id="buy-submit"' in page


def test_cart_checkout_and_order_name_what_has_to_arrive(
    app: Flask, client: FlaskClient, shopper: MadeUser
) -> None:
    with app.app_context():
        kettle = make_product("Kettle", "80.00", 1, backorder_limit=3)
        fill_cart(shopper.identity, (kettle, 3))
    sentence = "2 of them are on back-order"
    assert sentence in client.get("/cart").text
    assert sentence in client.get("/checkout").text
    with app.app_context():
        placed = place_order(shopper.identity, order_request("240.00", email=""))
        release()
    assert "2 on back-order" in client.get(f"/orders/{placed.number}").text


def test_an_order_is_bought_again_and_parcels_are_shown(
    app: Flask, client: FlaskClient, shopper: MadeUser
) -> None:
    with app.app_context():
        kettle, lamp = make_product("Kettle", "80.00"), make_product("Lamp", "20.00")
        fill_cart(shopper.identity, (kettle, 1), (lamp, 2))
        placed = place_order(shopper.identity, order_request("120.00", email=""))
        first = staff_order(placed.number).lines[0]
        ship_parcel(make_staff("support").id, placed.number, ParcelRequest({first.id: 1}, "GLS", "77 1"))
        change_product(lamp, is_active=False)
    page = client.get(f"/orders/{placed.number}").text
    for piece in (
        "Parcel 1 of 1",
        "1 × Kettle",
        "https://gls-group.eu/track/77%201",
        "Still to come",
        "2 × Lamp",
    ):
        assert piece in page
    address = f"/orders/{placed.number}"
    assert post(client, f"{address}/again", page=address).headers["Location"] == "/cart"
    cart = client.get("/cart").text
    assert "1 item is in your cart." in cart
    assert "“Lamp” is no longer sold." in cart
    with app.app_context():
        change_product(kettle, is_active=False)
    assert post(client, f"{address}/again", page=address).headers["Location"] == address
