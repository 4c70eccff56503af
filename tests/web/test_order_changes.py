"""An order is changed on its page: without JavaScript, with what changes shown before it does."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.core.db import release, session
from storefront.jobs.outbox import drain
from storefront.orders.queries import OrderPage
from storefront.orders.queries_for_staff import staff_order
from storefront.orders.services import ParcelRequest, bring_up_to_date, place_order, ship_parcel
from storefront.payments.models import Payment
from storefront.payments.saved_cards import kept_cards
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from tests.factories.accounts import MadeUser, make_staff, make_user, post, sign_in
from tests.factories.buying import fill_cart, make_product, make_shipping, make_shopper, order_request
from tests.factories.cards import work
from tests.factories.memberships import keep_card
from tests.stripe_server import NEEDS_3D_SECURE, VISA, StripeServer


@pytest.fixture
def boots(app: Flask) -> None:
    with app.app_context():
        make_shipping()
        parent = make_product("Boots", stock=0)
        for size, price in (("38", "30.00"), ("44", "35.00")):
            make_product(
                f"Boots {size}", price, 5, parent_id=parent, options={"Size": size}, sku=f"BOO-{size}"
            )


@pytest.fixture
def shopper(app: Flask, client: FlaskClient) -> MadeUser:
    with app.app_context():
        person = make_user("changes@example.com")
    sign_in(client, person)
    return person


def buy(app: Flask, person: MadeUser, total: str, *skus: str, **values: str) -> str:
    from storefront.cart.services import add_by_sku

    with app.app_context():
        for one in skus:
            add_by_sku(person.identity, one, 1)
        placed = place_order(person.identity, order_request(total, email="", **values))
        release()
        return placed.number


def stored(app: Flask, number: str) -> OrderPage:
    with app.app_context():
        found = staff_order(number)
        release()
        return found


def fields(page: str) -> dict[str, str]:
    """The fields of the change's form, as a browser would send them."""
    form = re.search(r'<form[^>]*action="[^"]*/change".*?</form>', page, re.DOTALL)
    assert form
    found: dict[str, str] = {}
    for one in re.findall(r"<input[^>]*>", form[0]):
        name, value = re.search(r'name="([^"]+)"', one), re.search(r'value="([^"]*)"', one)
        if name and name[1] != "csrf_token" and ('type="radio"' not in one or " checked" in one):
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'<option[^>]*selected[^>]*value="([^"]*)"', options) or re.search(
            r'value="([^"]*)"[^>]*selected', options
        )
        found[name] = chosen[1] if chosen else ""
    return found


def send(client: FlaskClient, address: str, page: str, act: str, **values: str) -> TestResponse:
    with_token = "/admin/" if address.startswith("/admin/") else address.removesuffix("/change")
    return post(client, address, page=with_token, **(fields(page) | values | {"act": act}))


def named(page: str, start: str) -> str:
    return next(name for name in fields(page) if name.startswith(start))


@pytest.mark.usefixtures("boots")
def test_what_from_to_is_shown_and_then_done(app: Flask, client: FlaskClient, shopper: MadeUser) -> None:
    number = buy(app, shopper, "34.90", "BOO-38")
    address = f"/orders/{number}/change"
    assert f'href="{address}"' in client.get(f"/orders/{number}").text
    form = client.get(address).text
    variant = re.search(r'value="([0-9a-f-]{36})"[^>]*>44, €35.00', form)
    assert variant
    asked = send(
        client,
        address,
        form,
        "check",
        **{
            named(form, "product-"): variant[1],
            named(form, "quantity-"): "2",
            "shipping-line1": "Am Tal <9>",
        },
    )
    assert asked.status_code == 200
    rows = re.findall(
        r"<tr><th[^>]*>(.*?)</th><td[^>]*>(.*?)</td><td[^>]*><strong>(.*?)</strong>", asked.text
    )
    assert ("Boots 38", "1 unit, 38", "2 units, 44") in rows
    assert ("Total", "€34.90", "€74.90") in rows
    assert any("Am Tal &lt;9&gt;" in to for _what, _was, to in rows)
    assert str(stored(app, number).total) == "34.90", "nothing is changed before it is agreed to"
    done = send(client, address, asked.text, "confirm")
    assert done.status_code == 303
    changed = stored(app, number)
    assert (str(changed.total), changed.lines[0].sku, changed.shipping_address.line1) == (
        "74.90",
        "BOO-44",
        "Am Tal <9>",
    )
    assert "Changed" in client.get(f"/orders/{number}").text
    with app.app_context():
        drain()
        letters = [
            one for one in stored_mails(mail_folder(app.extensions["settings"])) if number in one.subject
        ]
    assert any("was changed" in one.subject and "€74.90" in one.text for one in letters)


@pytest.mark.usefixtures("boots")
def test_remarks_keep_what_was_typed(app: Flask, client: FlaskClient, shopper: MadeUser) -> None:
    number = buy(app, shopper, "34.90", "BOO-38")
    address = f"/orders/{number}/change"
    form = client.get(address).text
    assert send(client, address, form, "check").status_code == 422
    wrong = send(client, address, form, "check", **{"shipping-postal_code": "1", "shipping-line1": "Keep 1"})
    assert wrong.status_code == 422
    assert 'value="Keep 1"' in wrong.text
    too_many = {named(form, "quantity-"): "9", "expected_total": "270.00"}
    refused = send(client, address, form, "confirm", **too_many)
    assert refused.status_code == 409
    assert "Only 4 of “Boots 38” are left" in refused.text
    for nonsense in ("-3", "x", "1e3", "100"):
        assert send(client, address, form, "check", **{named(form, "quantity-"): nonsense}).status_code == 409
    tampered = send(
        client, address, form, "confirm", **{named(form, "quantity-"): "2", "expected_total": "1.00"}
    )
    assert tampered.status_code == 409
    assert "The amounts have changed meanwhile" in tampered.text
    for total in ("NaN", "", "1e999"):
        assert send(client, address, form, "confirm", expected_total=total).status_code == 409
    assert str(stored(app, number).total) == "34.90"


@pytest.mark.usefixtures("boots")
def test_somebody_elses_and_sent_orders_are_not_changed(
    app: Flask, client: FlaskClient, shopper: MadeUser
) -> None:
    number = buy(app, shopper, "34.90", "BOO-38")
    form = client.get(f"/orders/{number}/change").text
    other = app.test_client()
    with app.app_context():
        stranger = make_user()
        staff = make_staff("support")
    sign_in(other, stranger)
    assert other.get(f"/orders/{number}/change").status_code == 404
    assert other.get(f"/orders/{number}/change/pay").status_code == 404
    assert other.get(f"/orders/{number}/change/paid").status_code == 404
    with app.app_context():
        ship_parcel(staff.id, number, ParcelRequest({stored(app, number).lines[0].id: 1}))
    for answer in (
        client.get(f"/orders/{number}/change"),
        send(client, f"/orders/{number}/change", form, "confirm", expected_total="34.90"),
        client.get(f"/orders/{number}/change/pay"),
    ):
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/orders/{number}"


@pytest.mark.usefixtures("boots")
def test_staff_change_it_on_their_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        person = make_shopper("theirs@example.com")
        staff = make_staff("support")
    buyer = MadeUser(person.user_id, "theirs@example.com")  # type: ignore[arg-type]
    number = buy(app, buyer, "34.90", "BOO-38")
    sign_in(client, staff)
    address = f"/admin/orders/{number}/change"
    form = client.get(address).text
    asked = send(
        client, address, form, "check", payment_method="on_delivery", **{named(form, "quantity-"): "2"}
    )
    assert re.search(r'data-label="After"><strong>On delivery', asked.text), (
        "a narrow screen names the column"
    )
    assert "The customer will owe €64.90." in asked.text
    assert send(client, address, asked.text, "back").status_code == 200
    assert send(client, address, asked.text, "confirm").status_code == 303
    assert stored(app, number).payment_method == "on_delivery"
    with app.app_context():
        ship_parcel(staff.id, number, ParcelRequest({stored(app, number).lines[0].id: 1}))
    assert client.get(address).headers["Location"] == f"/admin/orders/{number}"


def ordered_by_card(stripe: StripeServer, person: MadeUser) -> str:
    """A kettle for 80 that the card has paid; returns the order's number."""
    make_shipping()
    fill_cart(person.identity, (make_product("Kettle", "80.00"), 1))
    placed = place_order(person.identity, order_request("80.00", email="", payment_method="stripe"))
    stripe.pay(stripe.intents()[0]["id"])
    bring_up_to_date(placed.order_id)
    release()
    return placed.number


@pytest.mark.parametrize("card", [VISA, NEEDS_3D_SECURE])
def test_a_kept_card_pays_a_change_without_javascript(
    card_app: Flask, stripe: StripeServer, card: str
) -> None:
    with card_app.app_context():
        person, stranger = make_user("kept@example.com"), make_user("stranger@example.com")
        number = ordered_by_card(stripe, person)
        keep_card(stripe, person.id, card)
        (kept,) = kept_cards(person.id)
        release()
    client, other = card_app.test_client(), card_app.test_client()
    sign_in(client, person)
    sign_in(other, stranger)
    address = f"/orders/{number}/change"
    form = client.get(address).text
    asked = send(client, address, form, "check", **{named(form, "quantity-"): "2"})
    assert send(client, address, asked.text, "confirm").location == f"{address}/pay"
    path, named_card = f"{address}/pay/card", {"card": str(kept.id)}
    page = client.get(f"{address}/pay").text
    assert f'action="{path}"' in page
    assert f"Pay with Visa •••• {card[-4:]}" in page
    for what in ("card", "keep"):
        assert post(other, f"{address}/pay/{what}", page="/account/", **named_card).status_code == 404
    paid = post(client, path, page="/account/", **named_card)
    if card == NEEDS_3D_SECURE:
        assert f"Order {number}: €80.00 for your change." in paid.text
        left = client.get(client.get(f"{address}/paid").location).text
        assert "This payment is not completed yet. Nothing was charged." in left
        again = post(client, path, page="/account/", **named_card)
        assert again.headers["Refresh"] == paid.headers["Refresh"], "back to the bank, not round in circles"
        stripe.authenticate(newest_intent(stripe))
        paid = client.get(f"{address}/paid")
    else:
        paid = client.get(paid.location)
    assert "Your order was changed." in client.get(paid.location).text
    assert str(stored(card_app, number).total) == "160.00"
    with card_app.app_context():
        used = session().scalars(sa.select(Payment.saved_method_id).order_by(Payment.created_at)).all()
    assert list(used) == [None, kept.id]


def test_the_card_that_pays_a_change_is_kept_where_its_box_is_ticked(
    card_app: Flask, stripe: StripeServer
) -> None:
    with card_app.app_context():
        person = make_user("keeps@example.com")
        number = ordered_by_card(stripe, person)
    client = card_app.test_client()
    sign_in(client, person)
    address = f"/orders/{number}/change"
    form = client.get(address).text
    asked = send(client, address, form, "check", **{named(form, "quantity-"): "2"})
    send(client, address, asked.text, "confirm")
    for said in ("yes", "no", "yes"):
        assert post(client, f"{address}/pay/keep", page="/account/", keep=said).status_code == 204
        assert f'data-keep="{address}/pay/keep" data-told="{said}"' in client.get(f"{address}/pay").text
    stripe.pay(newest_intent(stripe))
    assert client.get(f"{address}/paid").location == f"/orders/{number}"
    with card_app.app_context():
        work()
        assert [one.last_four for one in kept_cards(person.id)] == ["4242"]


def newest_intent(stripe: StripeServer) -> str:
    return str(max(stripe.intents(), key=lambda one: (one["created"], one["status"] != "succeeded"))["id"])


def test_more_is_paid_on_a_page_of_its_own(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        person = make_user("card-changes@example.com")
        number = ordered_by_card(stripe, person)
    client = card_app.test_client()
    sign_in(client, person)
    address = f"/orders/{number}/change"
    form = client.get(address).text
    asked = send(client, address, form, "check", **{named(form, "quantity-"): "2"})
    assert "Your card pays €80.00 on the next page." in asked.text
    order = f"/orders/{number}"
    stripe.fail_next("/v1/payment_intents", times=3, method="POST")
    assert send(client, address, asked.text, "confirm").headers["Location"] == order
    assert client.get(f"{address}/pay").headers["Location"] == f"{address}/paid"
    assert client.get(f"{address}/paid").headers["Location"] == order, (
        "there is nothing to pay: no way round and round"
    )
    assert "has not begun this payment. Nothing was charged. Please try again." in client.get(order).text
    confirmed = send(client, address, asked.text, "confirm")
    assert confirmed.headers["Location"] == f"{address}/pay"
    pay = client.get(f"{address}/pay")
    assert "Pay €80.00" in pay.text
    assert 'data-secret="' in pay.text
    assert client.get(f"{address}/paid").headers["Location"] == f"{address}/pay"
    stripe.pay(newest_intent(stripe))
    back = client.get(f"{address}/paid", follow_redirects=True)
    assert "Your order was changed." in back.text
    assert str(stored(card_app, number).total) == "160.00"
    assert client.get(f"{address}/pay").status_code == 303


@pytest.mark.usefixtures("boots")
def test_a_company_changes_its_order_at_its_own_prices(
    app: Flask, client: FlaskClient, shopper: MadeUser
) -> None:
    number = buy(app, shopper, "34.90", "BOO-38", vat_number="DE136695976")
    page = client.get(f"/orders/{number}").text
    assert f"/orders/{number}/change" in page
    form = client.get(f"/orders/{number}/change")
    assert "44, €29.41" in form.text
    assert "€35.00" not in form.text
