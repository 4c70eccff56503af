"""The form for what is sold out, and where the links of letters lead."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.accounts.queries import CART_REMINDER, consent_since
from storefront.cart.queries import cart_view
from storefront.core.clock import frozen, now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.http.signed_links import Purpose, sign_link
from storefront.reminders.models import StockAlert
from tests.factories.buying import (
    fill_cart,
    guest_with_token,
    make_product,
    make_shopper,
    shopper_with_token,
)
from tests.web.paper_browser import PaperBrowser


@pytest.fixture
def shopper(app: Flask) -> tuple[Identity, PaperBrowser]:
    with app.app_context():
        identity, token = shopper_with_token("ida@example.com")
    return identity, PaperBrowser(app, token)


@pytest.fixture
def kettle(app: Flask) -> str:
    """It is sold out."""
    with app.app_context():
        return str(make_product("Kettle", stock=0, slug="kettle"))


def alerts(app: Flask) -> list[tuple[str, str | None]]:
    with app.app_context():
        rows = session().execute(
            sa.select(StockAlert.status, StockAlert.email).order_by(StockAlert.created_at)
        )
        return [tuple(row) for row in rows]


def signed(app: Flask, purpose: Purpose, key: uuid.UUID | None) -> str:
    assert key
    with app.app_context():
        return sign_link(purpose, key)


def test_guest_asks_by_address_and_says_yes_by_the_letters_link(app: Flask, kettle: str) -> None:
    guest = PaperBrowser(app)
    page = guest.get("/p/kettle")
    assert page.headers["Cache-Control"].startswith("public")
    form = guest.form(page, "/alerts")
    own_page = {"Sec-Fetch-Site": "same-origin"}
    sent = guest.client.post("/alerts", data=form.values | {"email": "ida@example.com"}, headers=own_page)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/p/kettle")
    assert "Please look into your mailbox" in guest.follow(sent).text
    assert alerts(app) == [("unconfirmed", "ida@example.com")]
    with app.app_context():
        link = "/alerts/confirm/" + sign_link(
            "confirm_alert", session().scalars(sa.select(StockAlert.id)).one()
        )
    question = guest.get(link)
    assert "One letter to ida@example.com" in question.text
    assert alerts(app) == [("unconfirmed", "ida@example.com")]
    assert guest.submit(guest.form(question, link)).status_code == 303
    assert alerts(app) == [("waiting", "ida@example.com")]


def test_who_has_an_account_asks_with_one_button_and_takes_it_back(
    app: Flask, shopper: tuple, kettle: str
) -> None:
    _identity, browser = shopper
    assert "alert-email" not in browser.get("/p/kettle").text
    waiting = browser.ask("/alerts", {"product_id": kettle})
    assert waiting.text.lstrip().startswith('<div id="alert-form">')
    page = browser.get("/account/letters")
    assert "Kettle" in page.text
    with app.app_context():
        (alert_id,) = session().scalars(sa.select(StockAlert.id))
    browser.post(f"/account/letters/alerts/{alert_id}/removal", {})
    assert alerts(app) == [("cancelled", None)]


def test_nobody_stops_the_letters_of_somebody_else(app: Flask, shopper: tuple, kettle: str) -> None:
    shopper[1].post("/alerts", {"product_id": kettle})
    with app.app_context():
        (alert_id,) = session().scalars(sa.select(StockAlert.id))
        _other, token = shopper_with_token()
    PaperBrowser(app, token).post(f"/account/letters/alerts/{alert_id}/removal", {})
    assert alerts(app) == [("waiting", None)]


@pytest.mark.parametrize("fragment", [True, False])
def test_a_wrong_address_is_said_at_the_field(app: Flask, kettle: str, fragment: bool) -> None:
    guest = PaperBrowser(app)
    data = {"product_id": kettle, "email": "nobody"}
    answer = guest.ask("/alerts", data) if fragment else guest.post("/alerts", data)
    assert answer.status_code == 422
    assert 'id="alert-email-error"' in answer.text
    assert 'value="nobody"' in answer.text


def test_nobodys_mailbox_is_flooded(app: Flask, shopper: tuple) -> None:
    with app.app_context():
        products = [str(make_product(f"Kettle {number}", stock=0)) for number in range(8)]
    guest = PaperBrowser(app)
    answers = [
        guest.ask("/alerts", {"product_id": one, "email": "Ida@example.com"}).status_code for one in products
    ]
    assert answers == [200] * 6 + [429] * 2
    # Who is signed in types no address, and is written to when something comes, not now.
    own = [shopper[1].ask("/alerts", {"product_id": one}).status_code for one in products[:2]]
    assert own == [200, 200]


@pytest.mark.parametrize("product_id", ["", "x", str(uuid.UUID(int=1))])
def test_unknown_products_are_refused(app: Flask, product_id: str) -> None:
    answer = PaperBrowser(app).post("/alerts", {"product_id": product_id, "email": "ida@example.com"})
    assert answer.status_code in (404, 409)
    assert alerts(app) == []


def test_the_way_back_leads_nowhere_else(app: Flask, kettle: str) -> None:
    data = {"product_id": kettle, "email": "ida@example.com", "next": "https://evil.example/"}
    assert PaperBrowser(app).post("/alerts", data).headers["Location"] == "/"


def test_a_mail_program_unsubscribes_with_one_post(app: Flask, shopper: tuple, kettle: str) -> None:
    """RFC 8058: no cookie, no token, no page that sent it."""
    shopper[1].post("/alerts", {"product_id": kettle})
    with app.app_context():
        (alert_id,) = session().scalars(sa.select(StockAlert.id))
    link = "/unsubscribe/alert/" + signed(app, "stop_alert", alert_id)
    program = app.test_client()
    assert program.get(link).status_code == 200
    assert alerts(app) == [("waiting", None)]
    for _again in range(2):
        answer = program.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
    assert alerts(app) == [("cancelled", None)]


def test_the_reminder_is_agreed_to_and_stopped_by_link(app: Flask, shopper: tuple) -> None:
    identity, browser = shopper

    def agrees() -> bool:
        with app.app_context():
            return consent_since(identity.user_id, CART_REMINDER) is not None

    page = browser.get("/account/letters")
    browser.submit(browser.form(page, "/account/letters/cart"), agree="yes")
    assert agrees()
    assert "You agreed on" in browser.get("/account/letters").text
    link = "/unsubscribe/cart/" + signed(app, "stop_cart_reminder", identity.user_id)
    guest = PaperBrowser(app)
    guest.submit(guest.form(guest.get(link), link))
    assert not agrees()
    browser.submit(browser.form(browser.get("/account/letters"), "/account/letters/cart"))
    assert not agrees()


def test_the_box_at_the_checkout_is_a_consent(app: Flask, shopper: tuple) -> None:
    identity, browser = shopper
    with app.app_context():
        fill_cart(identity, (make_product("Mug"), 1))
    assert 'name="remind" value="yes" id="checkout-remind">' in browser.get("/checkout").text
    browser.post("/checkout", {})
    with app.app_context():
        assert consent_since(identity.user_id, CART_REMINDER) is None
    browser.post("/checkout", {"remind": "yes"})
    with app.app_context():
        assert consent_since(identity.user_id, CART_REMINDER) is not None


@pytest.mark.parametrize(
    "path", ["/unsubscribe/alert/{}", "/unsubscribe/x/{}", "/alerts/confirm/{}", "/cart/from-mail/{}"]
)
def test_forged_and_foreign_links_open_nothing(app: Flask, path: str) -> None:
    foreign = signed(app, "stop_cart_reminder", uuid.uuid4())
    client = app.test_client()
    for token in (foreign, foreign[:-1], "x", "ä" * 300, "%00", f"{uuid.uuid4()}.a.b"):
        assert client.get(path.format(token)).status_code == 404, token
        assert client.post(path.format(token)).status_code in (400, 404), token


def test_the_letters_link_opens_a_copy_elsewhere_and_the_cart_itself_to_its_owner(
    app: Flask, shopper: tuple
) -> None:
    identity, browser = shopper
    with app.app_context():
        fill_cart(identity, (make_product("Mug"), 2))
        cart_id = cart_view(identity).cart_id
        guest_identity, token = guest_with_token()
        make_shopper()
    link = "/cart/from-mail/" + signed(app, "open_cart", cart_id)
    assert browser.get(link).headers["Location"] == "/cart"
    guest = PaperBrowser(app, token)
    page = guest.get(link)
    assert "Mug" in page.text
    assert "ida@example.com" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    guest.submit(guest.form(page, link))
    with app.app_context():
        assert cart_view(guest_identity).quantity == 2
        assert cart_view(identity).quantity == 2
    with frozen(now() + timedelta(days=31)):
        assert guest.get(link).status_code == 404
