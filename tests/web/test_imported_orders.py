"""Customers of other shops' books at their pages: the way in without a password, their orders, staff who see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from storefront.accounts.models import User
from storefront.core.db import release, session
from storefront.core.settings import Settings
from storefront.jobs.outbox import drain
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from tests.factories.accounts import PASSWORD, MadeUser, make_staff, make_user, post, sign_in
from tests.factories.books import books, imported, order
from tests.web.paper_browser import PaperBrowser

NEW = "fourteen-slow-rivers"
EMAIL = "noah.brown@example.com"


@pytest.fixture(autouse=True)
def _imported(app: Flask, settings: Settings, tmp_path: Path) -> None:
    """Noah's books, and an empty mailbox."""
    content = books()
    content["orders"]["#W300"] = order("#W300", "processed")
    content["orders"]["#W400"] = order("#W400", "cancelled")
    with app.app_context():
        assert imported(tmp_path, content).refusals == []
        release()
    for letter in mail_folder(settings).glob("*.eml"):
        letter.unlink()


def new_password(app: Flask, client: FlaskClient, settings: Settings) -> None:
    """Walk from "forgot password" through the mail to a new one."""
    assert post(client, "/account/forgot-password", email=EMAIL).status_code == 303
    with app.app_context():
        drain()
    (letter,) = stored_mails(mail_folder(settings))
    found = re.search(r"http://127\.0\.0\.1:\d+(/account/\S+token=\S+)", letter.text)
    assert found
    link = found.group(1)
    done = post(client, "/account/reset-password", link, token=link.partition("token=")[2], new_password=NEW)
    assert (done.status_code, done.location) == (303, "/account")


def test_nobody_has_a_password_from_the_books(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        assert session().scalars(sa.select(User.password_hash)).all() == [None]
    for guess in (PASSWORD, "", "None"):
        assert post(client, "/account/sign-in", email=EMAIL, password=guess).status_code == 422


def test_a_customer_comes_in_by_a_new_password_and_sees_their_orders(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    new_password(app, client, settings)
    overview, listed = client.get("/account").text, client.get("/account/orders").text
    assert "986 Sunset Drive" in overview
    assert set(re.findall(r"/orders/(W\d+)", listed)) == {"W100", "W200", "W300", "W400"}
    states = {
        "W100": ("Being packed", "Credit card. Paid."),
        "W200": ("Delivered", "Credit card. Paid."),
        "W300": ("Being packed", "Credit card. Paid."),
        "W400": ("Cancelled", "Credit card. Given back."),
    }
    for number, words in states.items():
        page = client.get(f"/orders/{number}").text
        for word in words:
            assert word in page, number
    page = client.get("/orders/W200").text
    assert page.count("961") == 2
    assert "TW200" in page
    assert "986 Sunset Drive" in page
    assert "United States" in page
    assert client.get("/orders/W200/cancel").location == "/orders/W200"
    with app.app_context():
        noah = session().scalars(sa.select(User.id).where(User.email == EMAIL)).one()
    assert sign_in(app.test_client(), MadeUser(noah, EMAIL, NEW)).location == "/account"


def test_an_order_is_found_by_its_outside_number_and_e_mail(app: Flask) -> None:
    browser = PaperBrowser(app)
    for number, email in (("#W100", "other@example.com"), ("#W999", EMAIL)):
        refused = browser.post("/orders/find", {"number": number, "email": email})
        assert refused.status_code == 422
    assert browser.get("/orders/W100").status_code == 404
    found = browser.post("/orders/find", {"number": " #w100 ", "email": "NOAH.brown@example.com"})
    assert found.headers["Location"] == "/orders/W100"
    assert "T-Shirt" in browser.follow(found).text
    assert browser.get("/orders/W200").status_code == 404, "each order is proved by itself"


def test_whoever_has_set_a_password_signs_in_to_see_an_order(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    new_password(app, client, settings)
    again = PaperBrowser(app).post("/orders/find", {"number": "#W100", "email": EMAIL})
    assert again.status_code == 422


def test_a_stranger_who_signs_up_with_their_address_changes_nothing(app: Flask, client: FlaskClient) -> None:
    assert post(client, "/account/sign-up", email=EMAIL, password=PASSWORD).status_code == 303
    assert client.get("/orders/W100").status_code == 404
    found = PaperBrowser(app).post("/orders/find", {"number": "W100", "email": EMAIL})
    assert found.headers["Location"] == "/orders/W100"


def test_other_customers_do_not_see_them(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        other = make_user("ada@example.com")
    sign_in(client, other)
    assert client.get("/orders/W100").status_code == 404
    assert "W100" not in client.get("/account/orders").text


@pytest.mark.parametrize("text", ["#W200", "w200", EMAIL])
def test_staff_find_them_with_their_outside_number_and_parcels(
    app: Flask, client: FlaskClient, text: str
) -> None:
    with app.app_context():
        staff = make_staff("support")
    sign_in(client, staff)
    listed = client.get("/admin/orders", query_string={"q": text}).text
    assert "/admin/orders/W200" in listed
    page = client.get("/admin/orders/W200").text
    for part in (
        "#W200",
        "Noah.Brown@example.com",
        "TW200",
        "Delivered",
        "Credit card, paid",
        "time of the import",
    ):
        assert part in page, part
