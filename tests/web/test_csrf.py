"""Forms of other sites are refused; a guest's page holds no token and its form works all the same."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.catalog import Made, make_product

OURS = {"Origin": "http://localhost"}
CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example.com"},
    {"Origin": "http://localhost.evil.example.com"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "https://localhost"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "none", "Origin": "null"},
]
OWN_PAGE = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Origin": "http://localhost"},
]


@pytest.fixture
def kettle(app: Flask) -> Made:
    with app.app_context():
        return make_product("Kettle")


def add(client: FlaskClient, product: Made, **options: object) -> int:
    return client.post("/cart/lines", data={"product_id": str(product.id)}, **options).status_code  # type: ignore[arg-type]


def test_a_guests_product_page_holds_no_token_and_sets_no_cookie(client: FlaskClient, kettle: Made) -> None:
    answer = client.get(f"/p/{kettle.slug}")
    assert 'action="/cart/lines"' in answer.text
    assert "csrf" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("headers", OWN_PAGE)
def test_a_guest_fills_the_cart_from_our_page(
    client: FlaskClient, kettle: Made, headers: dict[str, str]
) -> None:
    assert add(client, kettle, headers=headers) == 303
    # The page is still open, in this window or another: it works with the session that has begun.
    assert add(client, kettle, headers=headers) == 303
    assert 'value="2"' in client.get("/cart").text


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_puts_nothing_into_the_cart(
    client: FlaskClient, kettle: Made, headers: dict[str, str]
) -> None:
    refused = client.post("/cart/lines", data={"product_id": str(kettle.id)}, headers=headers)
    assert refused.status_code == 400
    # A browser keeps the cookies of such an answer: one here would push the visitor's own session out.
    assert "Set-Cookie" not in refused.headers


def test_who_says_nothing_about_the_page_needs_a_token(client: FlaskClient, kettle: Made) -> None:
    assert add(client, kettle) == 400
    token = csrf_token(client)
    answer = client.post("/cart/lines", data={"product_id": str(kettle.id), "csrf_token": token})
    assert answer.status_code == 303


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_a_token_does_not_help_another_site(
    client: FlaskClient, kettle: Made, headers: dict[str, str]
) -> None:
    token = csrf_token(client)
    for path in ("/cart/lines", "/account/sign-in", "/chat/messages"):
        answer = client.post(path, data={"csrf_token": token, "product_id": str(kettle.id)}, headers=headers)
        assert answer.status_code in (400, 404), path


@pytest.mark.parametrize(
    "path", ["/account/sign-in", "/account/sign-up", "/account/sign-out", "/cart/quantity", "/cart/removal"]
)
def test_every_other_form_needs_its_token_also_from_our_page(
    client: FlaskClient, app: Flask, path: str
) -> None:
    with app.app_context():
        agnes = make_user()
    sign_in(client, agnes)
    assert client.post(path, data={}, headers=OURS | {"Sec-Fetch-Site": "same-origin"}).status_code == 400


def test_who_has_a_session_finds_a_token_in_the_form(client: FlaskClient, kettle: Made) -> None:
    add(client, kettle, headers=OURS)
    assert 'name="csrf_token"' in client.get(f"/p/{kettle.slug}").text


def test_reading_is_not_asked_where_it_comes_from(client: FlaskClient, kettle: Made) -> None:
    assert client.get(f"/p/{kettle.slug}", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
