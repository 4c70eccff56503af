"""The staff page of an order: parcels, money, cancelling, notes, by people without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.core.clock import frozen, now
from storefront.core.db import acting_as, release
from storefront.jobs.outbox import drain
from storefront.orders.queries import OrderPage, order_page
from storefront.orders.queries_for_staff import staff_order
from storefront.orders.services import (
    RefundLine,
    RefundRequest,
    bring_up_to_date,
    cancel_order,
    place_order,
    refund_order,
)
from storefront.payments.refusals import PAUSES
from storefront.promotions.queries.gift_cards import gift_card_by_code
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from tests.factories.accounts import make_staff, make_user, post, sign_in
from tests.factories.buying import fill_cart, make_guest, make_product, make_shipping, order_request
from tests.factories.cards import order_by_card, payment_of, work
from tests.factories.parcels import paid
from tests.stripe_server import StripeServer


@pytest.fixture
def number(app: Flask) -> str:
    """An order for three kettles and two mugs."""
    with app.app_context():
        make_shipping()
        guest = make_guest()
        mug = make_product("Mug", "5.00", backorder_limit=9, stock=1)
        fill_cart(guest, (make_product("Kettle", "25.00", options={}), 3), (mug, 2))
        return place_order(guest, order_request("85.00", email="parcels@example.com")).number


@pytest.fixture
def support(app: Flask, client: FlaskClient) -> FlaskClient:
    with app.app_context():
        person = make_staff("support")
    sign_in(client, person)
    return client


def fields(page: str, action: str) -> dict[str, str]:
    """The inputs of the form with this action, as a browser would send them."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    assert form, action
    inputs = re.findall(r"<input[^>]*>", form[0])
    found = {}
    for one in inputs:
        name, value = re.search(r'name="([^"]+)"', one), re.search(r'value="([^"]*)"', one)
        if name and 'type="checkbox"' not in one and name[1] != "csrf_token":
            found[name[1]] = value[1] if value else ""
    return found


def send(client: FlaskClient, number: str, what: str, **values: str) -> TestResponse:
    address = f"/admin/orders/{number}/{what}"
    page = client.get(f"/admin/orders/{number}").text
    return post(client, address, page=f"/admin/orders/{number}", **(fields(page, address) | values))


def stored(app: Flask, number: str) -> OrderPage:
    with app.app_context():
        found = staff_order(number)
        release()
        return found


def test_a_parcel_is_sent_with_what_the_form_suggests(app: Flask, support: FlaskClient, number: str) -> None:
    page = support.get(f"/admin/orders/{number}").text
    assert "1 have not arrived yet" in page
    units = {
        name: value
        for name, value in fields(page, f"/admin/orders/{number}/parcels").items()
        if "units" in name
    }
    assert list(units.values()) == ["3", "1"]
    answer = send(support, number, "parcels", carrier="DPD", tracking_number="0815")
    assert answer.status_code == 303
    [parcel] = stored(app, number).parcels
    assert (parcel.carrier, parcel.tracking_number, sum(parcel.units.values())) == ("DPD", "0815", 4)
    page = support.get(f"/admin/orders/{number}").text
    assert 'href="https://tracking.dpd.de/status/en_US/parcel/0815"' in page
    assert "The parcel is on its way." in page
    with app.app_context():
        drain()
        mails = stored_mails(mail_folder(app.extensions["settings"]))
        [mail] = [one for one in mails if "parcels@example.com" in one.to and "on its way" in one.subject]
    for text in (mail.text, mail.html):
        for piece in ("3 × Kettle", "1 × Mug", "DPD", "0815", "https://tracking.dpd.de"):
            assert piece in text
    assert "Still to come:\n1 × Mug" in mail.text


def test_what_is_wrong_stands_on_the_page_with_what_was_typed(
    app: Flask, support: FlaskClient, number: str
) -> None:
    line = stored(app, number).lines[0]
    answer = send(support, number, "parcels", **{f"units-{line.id}": "9", "tracking_number": "keep me"})
    assert answer.status_code == 409
    assert "Only 3 of “Kettle” are left to send, not 9. Nothing was sent." in answer.text
    assert 'value="keep me"' in answer.text
    assert 'value="9"' in answer.text
    for nonsense in ("x", "", "0", "1e9"):
        answer = send(
            support, number, "parcels", **{f"units-{one.id}": nonsense for one in stored(app, number).lines}
        )
        assert answer.status_code == 409
        assert "Please choose at least one unit" in answer.text
    assert send(support, number, "parcels", carrier="x" * 61).status_code == 422
    assert stored(app, number).parcels == ()


def test_a_page_that_is_older_than_a_parcel_sends_nothing(
    app: Flask, support: FlaskClient, number: str
) -> None:
    old = fields(support.get(f"/admin/orders/{number}").text, f"/admin/orders/{number}/parcels")
    line = stored(app, number).lines[0]
    one_unit = {name: "0" for name in old if name.startswith("units")} | {f"units-{line.id}": "1"}
    assert send(support, number, "parcels", **one_unit).status_code == 303
    answer = post(
        support,
        f"/admin/orders/{number}/parcels",
        page=f"/admin/orders/{number}",
        **(old | one_unit | {"request_key": "another"}),
    )
    assert answer.status_code == 409
    assert "Somebody else has just sent a parcel" in answer.text


def test_arrival_closing_and_notes(app: Flask, support: FlaskClient, number: str) -> None:
    send(support, number, "parcels")
    [parcel] = stored(app, number).parcels
    assert send(support, number, f"parcels/{parcel.id}/delivered").status_code == 303
    assert send(support, number, "close", reason="no more mugs").status_code == 303
    assert stored(app, number).status == "delivered"
    assert send(support, number, "notes", note="called them").status_code == 303
    assert send(support, number, "notes", note=" ").status_code == 422
    page = support.get(f"/admin/orders/{number}").text
    assert "called them" in page
    assert "no more mugs" in page
    assert "The rest will not be sent" in page


def test_money_comes_in_by_parts(app: Flask, support: FlaskClient, number: str) -> None:
    for wrong, status in (("20.005", 422), ("much", 422), ("", 422), ("-1", 422), ("999", 409)):
        assert send(support, number, "capture", amount=wrong).status_code == status
    assert send(support, number, "capture", amount="20.00").status_code == 303
    assert stored(app, number).payment_status == "authorised", "the rest of an invoice is still owed"
    assert "€65.00 is promised and not taken yet." in support.get(f"/admin/orders/{number}").text
    assert send(support, number, "capture", amount="65").status_code == 303
    assert stored(app, number).payment_status == "paid"


def test_cancelling_by_staff(app: Flask, support: FlaskClient, number: str) -> None:
    assert send(support, number, "cancel", reason="by telephone").status_code == 303
    found = stored(app, number)
    assert (found.status, found.cancel_reason) == ("cancelled", "by telephone")
    page = support.get(f"/admin/orders/{number}").text
    assert f"/admin/orders/{number}/parcels" not in page


def test_whoever_may_only_read_finds_no_form_and_no_way_round(
    app: Flask, number: str, client: FlaskClient
) -> None:
    with app.app_context():
        person = make_staff("catalog_editor")
    sign_in(client, person)
    for what in ("parcels", "capture", "look", "close", "cancel", "notes"):
        answer = post(client, f"/admin/orders/{number}/{what}", page="/admin/", amount="1", note="x")
        assert answer.status_code == 403


def test_a_card_is_charged_in_parts_on_the_page(
    card_app: Flask, stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = card_app.extensions["settings"].model_copy(update={"stripe_capture": "manual"})
    monkeypatch.setitem(card_app.extensions, "settings", changed)
    with card_app.app_context():
        make_shipping()
        card = order_by_card()
        stripe.pay(card.intent_id)
        bring_up_to_date(card.order_id)
        person = make_staff("support")
    client = card_app.test_client()
    sign_in(client, person)
    assert send(client, card.number, "capture", amount="60.00", keep_rest="y").status_code == 303
    page = client.get(f"/admin/orders/{card.number}").text
    assert "€100.00 is promised and not taken yet." in page
    assert "€60.00 taken" in page
    stripe.allow_one_capture_only()
    line = stored(card_app, card.number).lines[0]
    answer = send(client, card.number, "parcels", **{f"units-{line.id}": "1"})
    assert answer.status_code == 409
    assert "so it was not sent" in answer.text
    answer = send(client, card.number, "parcels", **{f"units-{line.id}": "1"}, charge_all="y")
    assert answer.status_code == 303
    assert send(client, card.number, "look").status_code == 303
    found = stored(card_app, card.number)
    assert (found.payment_status, found.fulfilment_status) == ("paid", "partial")
    assert Decimal(stripe.received(card.intent_id)) == 16000


def test_what_a_bank_would_not_take_back_goes_onto_a_gift_card(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_shipping()
        card = paid(stripe, order_by_card())
        cancel_order(card.me, card.number)
        began = now()
        stripe.fail_next("/v1/refunds", status=400, times=len(PAUSES) + 1, method="POST")
        for days in (0, 1, 2, 4, 8):
            with frozen(began + timedelta(days=days)):
                work()
                drain()
        person, helper = make_staff("admin"), make_staff("support")
        payment_id = payment_of(card.order_id).id
    client, colleague = card_app.test_client(), card_app.test_client()
    sign_in(client, person)
    sign_in(colleague, helper)
    told = sent(card_app, "money could not be given back")
    assert "refused it 5 times, and it is not tried any more" in told
    for address in ("/admin/orders?status=refund_open", f"/admin/orders?q={card.number}"):
        assert "giving it back was refused" in client.get(address).text
    page = colleague.get(f"/admin/orders/{card.number}").text
    assert ("It is not tried any more: please decide." in page, "What now?" in page) == (True, False)
    what = f"payments/{payment_id}/give-back"
    assert send(client, card.number, what, way="gift_card").status_code == 303
    page = client.get(f"/admin/orders/{card.number}").text
    assert ("Money given back another way" in page, "What now?" in page) == (True, False)
    again = post(client, f"/admin/orders/{card.number}/{what}", page="/admin/", way="again")
    assert again.status_code == 409
    with card_app.app_context():
        drain()
    letter = sent(card_app, "Money back for your order")
    assert "€160.00 for you" in letter
    code = re.search(r"Its code: (\S+)", letter)
    assert code
    with card_app.app_context():
        found = gift_card_by_code(code[1])
    assert found
    assert found.balance == Decimal("160.00")


def sent(app: Flask, subject: str) -> str:
    """The text of the only letter with this in its subject."""
    (found,) = [
        one for one in stored_mails(mail_folder(app.extensions["settings"])) if subject in one.subject
    ]
    return " ".join(found.text.split())


@pytest.mark.parametrize(
    ("method", "goods", "sentence"),
    [
        ("invoice", 2, "Only the shipping is left to pay: €4.90."),
        ("on_delivery", 2, "Only the shipping is left to pay: €4.90."),
        ("on_delivery", 1, "Left to pay: €29.90."),
    ],
)
def test_what_is_left_to_pay_is_said_wherever_one_looks(
    app: Flask, support: FlaskClient, method: str, goods: int, sentence: str
) -> None:
    with app.app_context():
        make_shipping()
        buyer, kettle = make_user("left@example.com"), make_product("Kettle", "25.00")
        fill_cart(buyer.identity, (kettle, 2))
        placed = place_order(buyer.identity, order_request("54.90", payment_method=method, email=""))
        shown = order_page(buyer.identity, placed.number)
        release()
        assert (shown.left_to_pay, shown.only_shipping_left) == (Decimal("54.90"), False)
        refund_order(None, placed.number, RefundRequest(lines=[RefundLine(shown.lines[0].id, goods)]))
        drain()
        with acting_as(buyer.identity):
            assert order_page(buyer.identity, placed.number).only_shipping_left is (goods == 2)
    client = app.test_client()
    sign_in(client, buyer)
    page = client.get(f"/orders/{placed.number}").text
    assert sentence in page
    assert ("You pay when the parcel arrives." in page) is (goods == 1)
    assert sentence in support.get(f"/admin/orders/{placed.number}").text
    assert sentence in sent(app, "Less to pay for your order")
