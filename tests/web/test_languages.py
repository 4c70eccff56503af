"""Pages, letters and papers in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from storefront.accounts.models import User
from storefront.core.db import session
from storefront.core.texts import in_language
from storefront.http.languages import asked_language
from storefront.jobs.orders import order_placed
from storefront.orders.models import Order
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from tests.factories.accounts import MadeUser, make_user, sign_in
from tests.factories.buying import fill_cart, guest_with_token, make_product, make_shipping
from tests.web.paper_browser import PaperBrowser

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
OFFERED = ("en", "de")


def choose(client: FlaskClient, language: str, referrer: str = "") -> str:
    """What the footer's button does; where it leads."""
    headers = {"Sec-Fetch-Site": "same-origin"} | ({"Referer": referrer} if referrer else {})
    answer = client.post("/language", data={"language": language}, headers=headers)
    assert answer.status_code == 303
    return answer.headers["Location"]


def spoken(client: FlaskClient, path: str = "/", **headers: str) -> str:
    page = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert f'<html lang="{page.headers["Content-Language"]}">' in page.text
    return page.headers["Content-Language"]


@pytest.mark.parametrize(
    ("accepted", "cookies", "language"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("de-CH, fr;q=0.8", "", "de"),
        ("fr, it;q=0.9", "", "en"),
        ("en-GB,de;q=0.9", "", "en"),
        ("de", "theme=dark; shop_language=en", "en"),
        ("", "shop_language=de", "de"),
        ("de", "shop_language=xx", "de"),
        ("", "not_shop_language=de", "en"),
        ("*;q=nonsense,,;", "shop_language=", "en"),
    ],
)
def test_the_choice_then_the_browser_then_the_shop(accepted: str, cookies: str, language: str) -> None:
    environ = {"HTTP_ACCEPT_LANGUAGE": accepted, "HTTP_COOKIE": cookies}
    assert asked_language(environ, OFFERED) == language


def test_kept_pages_never_mix_languages(
    build_keeping: Callable[..., Flask], assert_queries: Callable[[int], AbstractContextManager[list[str]]]
) -> None:
    app = build_keeping()
    english, german, chosen = (app.test_client() for _ in range(3))
    choose(chosen, "de")
    for _ in range(2):
        first = english.get("/")
        second = german.get("/", headers=GERMAN)
        assert (first.headers["Content-Language"], second.headers["Content-Language"]) == ("en", "de")
        assert "Accept-Language" in first.headers["Vary"]
        assert "Create an account" in first.text
        assert "Konto anlegen" in second.text
        assert first.headers["ETag"] != second.headers["ETag"]
    with assert_queries(0):
        third = chosen.get("/")
    assert third.data == second.data
    assert "max-age=0" in third.headers["Cache-Control"]
    unchanged = chosen.get("/", headers={"If-None-Match": third.headers["ETag"]})
    assert (unchanged.status_code, unchanged.headers["Content-Language"]) == (304, "de")


def test_a_choice_leads_back_and_makes_no_session(client: FlaskClient, app: Flask) -> None:
    assert choose(client, "de", "http://localhost/search?q=tent&page=2") == "/search?q=tent&page=2"
    assert choose(client, "de", "http://localhost/cart/lines") == "/"  # the answer to a form
    assert choose(client, "de", "https://elsewhere.example.com/search") == "/"
    assert client.get_cookie("shop_session") is None
    assert spoken(client) == "de"
    for language, site in (("xx", "same-origin"), ("en", "cross-site")):
        refused = client.post("/language", data={"language": language}, headers={"Sec-Fetch-Site": site})
        assert refused.status_code == 400
    assert spoken(client) == "de"


def language_of(app: Flask, user: MadeUser) -> str:
    with app.app_context():
        return session().scalars(sa.select(User.language).where(User.id == user.id)).one()


def test_the_choice_holds_after_sign_in_and_in_the_next_browser(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    choose(client, "de")
    sign_in(client, user)
    assert spoken(client, "/account/") == "de"
    assert language_of(app, user) == "de"
    another = app.test_client()
    assert spoken(another) == "en"
    sign_in(another, user)
    assert spoken(another, "/account/") == "de"
    choose(another, "en")
    assert spoken(another, "/account/") == "en"
    assert language_of(app, user) == "en"


def test_a_german_order_is_german_to_the_end(app: Flask) -> None:
    with app.app_context():
        make_shipping()
        identity, token = guest_with_token()
        fill_cart(identity, (make_product("Kessel", "1234.50"), 1))
    browser = PaperBrowser(app, token)
    browser.client.set_cookie("shop_language", "de")
    checkout = browser.get("/checkout")
    assert "Zahlungspflichtig bestellen: 1.234,50\xa0€" in checkout.text
    assert "Vor- und Nachname" in checkout.text
    assert "Auf Rechnung" in checkout.text
    assert '<option value="AT">Österreich' in checkout.text
    form = browser.form(checkout, "/checkout")
    refused = browser.submit(form, **{"shipping-country": "DE", "email": "nobody"})
    assert "Bitte geben Sie den Namen ein." in refused.text
    assert "Bitte geben Sie eine E-Mail-Adresse wie name@example.com ein." in refused.text
    thanks = browser.follow(
        browser.submit(
            browser.form(browser.get("/checkout"), "/checkout"),
            **{
                "shipping-full_name": "Ida Larsen",
                "shipping-line1": "Am Hang 3",
                "shipping-postal_code": "10115",
                "shipping-city": "Berlin",
                "shipping-country": "DE",
                "email": "ida@example.com",
                "payment_method": "invoice",
                "shipping_method": "standard",
            },
        )
    )
    assert "Vielen Dank für Ihre Bestellung" in thanks.text
    with app.app_context():
        order_id, number, language = (
            session().execute(sa.select(Order.id, Order.order_number, Order.language)).one()
        )
        assert language == "de"
        with in_language("en"):  # whatever the worker spoke before
            order_placed(str(order_id))
        letters = stored_mails(mail_folder(app.extensions["settings"]))
    (letter,) = [one for one in letters if number in one.subject]
    assert letter.subject == f"Ihre Bestellung {number}"
    for text in (letter.text, letter.html):
        assert "fangen an zu packen" in text
        assert "1.234,50\xa0€" in text.replace("&nbsp;", "\xa0")
    assert '<html lang="de"' in letter.html
    for english in ("Your order", "Shipping", "Total", "Questions?"):
        assert english not in letter.text
