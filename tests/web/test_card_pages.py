"""Paying by card as pages: the provider's fields, the way back from the bank, and what providers send us."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart import services as carts
from storefront.catalog.models import Product
from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.settings import Settings, current_settings
from storefront.inventory.services import adjust_stock, release_expired
from storefront.jobs.outbox import drain
from storefront.jobs.payments import payment_returned
from storefront.orders.models import Order
from storefront.orders.services import refund_payment
from storefront.payments.events import replay_event
from storefront.payments.models import WebhookEvent
from storefront.providers.mail import mail_folder
from tests.factories.buying import fill_cart, guest_with_token, make_product, make_shipping
from tests.factories.cards import event_about, signature_of, state_of, work
from tests.factories.cards import order_by_card as orders_by_card
from tests.factories.promotions import make_gift_card
from tests.serving import served
from tests.stripe_server import DECLINED, PUBLISHABLE_KEY, StripeServer
from tests.web.paper_browser import PaperBrowser
from tests.web.test_checkout_pages import TYPED


@pytest.fixture
def guest(card_app: Flask) -> tuple[Identity, PaperBrowser]:
    """A guest with a kettle for 80 in the cart, in a shop that takes cards."""
    with card_app.app_context():
        make_shipping()
        identity, token = guest_with_token()
        fill_cart(identity, (make_product("Kettle", "80.00"), 1))
    return identity, PaperBrowser(card_app, token)


def order_by_card(browser: PaperBrowser) -> Any:
    form = browser.form(browser.get("/checkout"), "/checkout")
    return browser.submit(form, **TYPED | {"payment_method": "stripe"})


def only_order(app: Flask) -> Order:
    with app.app_context():
        return session().scalars(sa.select(Order)).one()


def send(app: Flask, body: bytes, signature: str | None = None) -> int:
    header = signature_of(body) if signature is None else signature
    return (
        app.test_client()
        .post("/webhooks/stripe", data=body, headers={"Stripe-Signature": header})
        .status_code
    )


def kept(app: Flask) -> list[WebhookEvent]:
    with app.app_context():
        return list(session().scalars(sa.select(WebhookEvent).order_by(WebhookEvent.created_at)))


def test_cards_are_offered_where_they_are_configured(guest: tuple, client: Any) -> None:
    page = guest[1].get("/checkout").text
    assert 'value="stripe"' in page
    assert "Paying by card needs JavaScript" in page


def test_without_keys_there_is_no_card(app: Flask) -> None:
    with app.app_context():
        make_shipping()
        identity, token = guest_with_token()
        fill_cart(identity, (make_product("Kettle", "80.00"), 1))
    page = PaperBrowser(app, token).get("/checkout").text
    assert 'value="stripe"' not in page
    assert "JavaScript" not in page
    assert send(app, event_about("pi_any")) == 400


def test_guest_pays_by_card(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    response = order_by_card(guest[1])
    order = only_order(card_app)
    assert response.headers["Location"] == f"/checkout/pay/{order.order_number}"
    page = guest[1].follow(response)
    intent = stripe.intents()[0]
    assert f'data-secret="{intent["client_secret"]}"' in page.text
    assert f'data-key="{PUBLISHABLE_KEY}"' in page.text
    assert f'src="{stripe.url}/v3/"' in page.text
    assert "<noscript>" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    stripe.pay(intent["id"])
    back = guest[1].get(f"/checkout/return?order={order.order_number}&redirect_status=failed")
    assert back.headers["Location"] == f"/orders/{order.order_number}/thanks"
    assert "Card. Paid." in guest[1].follow(back).text
    again = guest[1].get(f"/checkout/pay/{order.order_number}")
    assert again.headers["Location"] == f"/orders/{order.order_number}/thanks"


def test_what_a_gift_card_pays_is_not_asked_of_the_card_again(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    with card_app.app_context():
        gift_card = make_gift_card("30.00")
        carts.enter_gift_card(guest[0], gift_card.code)
    page = guest[1].follow(order_by_card(guest[1]))
    assert "Pay €50.00" in page.text
    assert stripe.intents()[0]["amount"] == 5000
    order = only_order(card_app)
    stripe.pay(stripe.intents()[0]["id"])
    assert guest[1].get(f"/checkout/return?order={order.order_number}").status_code == 303
    order = only_order(card_app)
    assert (order.status, order.payment_status) == ("placed", "paid")
    assert (order.total_amount, order.gift_card_amount) == (Decimal("80.00"), Decimal("30.00"))


def test_the_address_of_the_way_back_proves_nothing(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    order_by_card(guest[1])
    number = only_order(card_app).order_number
    back = guest[1].get(
        f"/checkout/return?order={number}&payment_intent={stripe.intents()[0]['id']}&redirect_status=succeeded"
    )
    assert back.headers["Location"] == f"/checkout/pay/{number}"
    assert only_order(card_app).status == "draft"


def test_somebody_elses_payment_is_not_found(card_app: Flask, guest: tuple) -> None:
    order_by_card(guest[1])
    number = only_order(card_app).order_number
    with card_app.app_context():
        _, token = guest_with_token()
    for stranger in (PaperBrowser(card_app), PaperBrowser(card_app, token)):
        assert stranger.get(f"/checkout/pay/{number}").status_code == 404
        assert stranger.get(f"/checkout/return?order={number}").status_code == 404


def test_a_declined_card_leads_back_to_its_fields(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    order_by_card(guest[1])
    number = only_order(card_app).order_number
    stripe.pay(stripe.intents()[0]["id"], DECLINED)
    back = guest[1].get(f"/checkout/return?order={number}")
    assert back.headers["Location"] == f"/checkout/pay/{number}"
    assert "Your bank did not approve the payment." in guest[1].follow(back).text


def test_no_answer_keeps_everything_typed(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    stripe.fail_next("/v1/payment_intents", times=3)
    response = order_by_card(guest[1])
    assert response.status_code == 409
    assert "Our payment provider does not answer at the moment. Nothing was charged." in response.text
    again = guest[1].submit(guest[1].form(response, "/checkout"))
    assert again.headers["Location"] == f"/checkout/pay/{only_order(card_app).order_number}"


def test_a_payment_that_was_never_begun_leads_to_the_checkout_not_round_in_circles(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    stripe.fail_next("/v1/payment_intents", times=3)
    order_by_card(guest[1])
    number = only_order(card_app).order_number
    back = guest[1].follow(guest[1].get(f"/checkout/pay/{number}"))
    assert back.headers["Location"] == "/checkout"
    assert "Our payment provider has not begun this payment." in guest[1].follow(back).text


def test_no_answer_on_the_way_back_looks_again(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    order_by_card(guest[1])
    number = only_order(card_app).order_number
    stripe.fail_next("/v1/payment_intents", times=3)
    back = guest[1].get(f"/checkout/return?order={number}")
    assert back.status_code == 503
    assert back.headers["Refresh"] == "4"
    assert "this page looks again by itself" in back.text


def test_only_the_payment_page_may_load_the_provider(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    page = guest[1].follow(order_by_card(guest[1]))
    policy = page.headers["Content-Security-Policy"]
    assert f"script-src 'self' {stripe.url};" in policy
    assert f"frame-src 'self' {stripe.url}" in policy
    assert "unsafe" not in policy
    assert stripe.url not in guest[1].get("/checkout").headers["Content-Security-Policy"]


def test_stripes_own_addresses_are_allowed_by_default(
    card_app: Flask, guest: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = card_app.extensions["settings"].model_copy(
        update={"stripe_script_base": "https://js.stripe.com"}
    )
    monkeypatch.setitem(card_app.extensions, "settings", changed)
    page = guest[1].follow(order_by_card(guest[1]))
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self' https://js.stripe.com https://*.js.stripe.com" in policy
    assert "connect-src 'self' https://api.stripe.com" in policy
    assert "https://hooks.stripe.com" in policy


def test_a_webhook_places_the_order(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    order_by_card(guest[1])
    intent = stripe.intents()[0]["id"]
    stripe.pay(intent)
    assert send(card_app, event_about(intent)) == 200
    assert only_order(card_app).status == "draft", "answered first, worked on later"
    with card_app.app_context():
        assert work() == 1
    assert only_order(card_app).status == "placed"
    event = kept(card_app)[0]
    assert event.processed_at is not None
    assert set(event.payload) == {"intent_id", "order_id", "customer_id"}, "no names, no addresses"


@pytest.mark.parametrize(
    "sign",
    [
        lambda body: signature_of(body, secret="whsec_other"),
        lambda body: signature_of(body + b" "),
        lambda body: signature_of(body, at=time.time() - 301),
        lambda body: signature_of(body, at=time.time() + 302),
        lambda body: signature_of(body).replace("v1=", "v0="),
        lambda _body: "",
        lambda _body: "t=now,v1=0",
    ],
    ids=["secret", "body", "old", "future", "scheme", "none", "nonsense"],
)
def test_what_is_not_signed_by_the_provider_just_now_is_refused(
    card_app: Flask, guest: tuple, stripe: StripeServer, sign: Any
) -> None:
    order_by_card(guest[1])
    intent = stripe.intents()[0]["id"]
    stripe.pay(intent)
    body = event_about(intent)
    assert send(card_app, body, sign(body)) == 400
    assert kept(card_app) == []


def test_the_secret_can_be_replaced_without_a_gap(card_app: Flask) -> None:
    body = event_about("pi_of_another_shop")
    assert send(card_app, body, signature_of(body, secret="whsec_former")) == 200


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no json", b'{"id": 1, "type": "x", "data": []}', b"\xff"])
def test_a_signed_body_that_is_no_event_is_refused(card_app: Flask, body: bytes) -> None:
    text = body.decode(errors="replace").encode()
    assert send(card_app, body, signature_of(text)) == 400


def test_an_event_that_comes_twice_is_kept_once(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    order_by_card(guest[1])
    intent = stripe.intents()[0]["id"]
    stripe.pay(intent)
    body = event_about(intent)
    assert [send(card_app, body) for _ in range(3)] == [200, 200, 200]
    assert len(kept(card_app)) == 1
    with card_app.app_context():
        assert work() == 1


def test_events_may_come_in_any_order(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    order_by_card(guest[1])
    intent = stripe.intents()[0]["id"]
    stripe.pay(intent)
    for kind in ("charge.refunded", "payment_intent.succeeded", "payment_intent.payment_failed"):
        assert send(card_app, event_about(intent, kind)) == 200
        with card_app.app_context():
            work()
    order = only_order(card_app)
    assert (order.status, order.payment_status) == ("placed", "paid")
    assert send(card_app, event_about(intent, "payment_intent.created")) == 200
    with card_app.app_context():
        work()
        assert state_of(order.id) == ("placed", "paid", "captured")


def test_an_event_can_be_worked_on_again(card_app: Flask, guest: tuple, stripe: StripeServer) -> None:
    order_by_card(guest[1])
    intent = stripe.intents()[0]["id"]
    assert send(card_app, event_about(intent, event_id="evt_again")) == 200
    with card_app.app_context():
        work()
    assert only_order(card_app).status == "draft"
    stripe.pay(intent)
    with card_app.app_context():
        replay_event("stripe", "evt_again")
        assert work() == 1
    assert only_order(card_app).status == "placed"
    assert kept(card_app)[0].attempts == 2


def test_an_event_about_something_else_is_noted_and_left(card_app: Flask) -> None:
    for body in (event_about("pi_unknown"), event_about("ch_1", "charge.updated", object="charge")):
        assert send(card_app, body) == 200
    with card_app.app_context():
        assert work() == 2
    assert all(event.processed_at for event in kept(card_app))


def test_while_the_provider_is_away_an_event_waits(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    order_by_card(guest[1])
    intent = stripe.intents()[0]["id"]
    stripe.pay(intent)
    assert send(card_app, event_about(intent)) == 200
    stripe.fail_next("/v1/payment_intents", times=3)
    with card_app.app_context():
        assert work() == 0
    event = kept(card_app)[0]
    assert event.processed_at is None
    assert "broken" in (event.error or "")


def test_the_shopper_cancels_and_is_told_where_the_money_is(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    order_by_card(guest[1])
    number = only_order(card_app).order_number
    stripe.pay(stripe.intents()[0]["id"])
    guest[1].get(f"/checkout/return?order={number}")
    form = guest[1].form(guest[1].get(f"/orders/{number}/cancel"), f"/orders/{number}/cancel")
    page = guest[1].follow(guest[1].submit(form))
    assert "Your order was cancelled. What you paid is on its way back to you.<" in page.text
    with card_app.app_context():
        work()
    assert "Given back." in guest[1].get(f"/orders/{number}").text


def test_what_a_gift_card_and_a_card_have_paid_is_told_apart(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    identity, browser = guest
    with card_app.app_context():
        carts.enter_gift_card(identity, make_gift_card("20.00").code)
    order_by_card(browser)
    number = only_order(card_app).order_number
    stripe.pay(stripe.intents()[0]["id"])
    browser.get(f"/checkout/return?order={number}")
    with card_app.app_context():
        refund_payment(number, Decimal("5.00"))
    assert only_order(card_app).payment_status == "partially_refunded"
    form = browser.form(browser.get(f"/orders/{number}/cancel"), f"/orders/{number}/cancel")
    page = browser.follow(browser.submit(form))
    told = "Your order was cancelled. What you paid is on its way back to you. €20.00 are on your gift card again."
    assert told in page.text


def test_whoever_pays_for_what_is_gone_is_told_and_gets_it_back(
    card_app: Flask, guest: tuple, stripe: StripeServer
) -> None:
    order_by_card(guest[1])
    order = only_order(card_app)
    stripe.pay(stripe.intents()[0]["id"])
    with card_app.app_context():
        with frozen(now() + timedelta(minutes=20)):
            release_expired()
        with transaction():
            product_id = session().scalars(sa.select(Product.id)).one()
            adjust_stock(product_id, -10)
    page = guest[1].follow(guest[1].get(f"/checkout/return?order={order.order_number}"))
    assert "This order did not come about" in page.text
    with card_app.app_context():
        work()
        drain()
        letter = sorted(mail_folder(current_settings()).glob("*.eml"))[-1]
    text = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert text["Subject"] == "Your payment goes back"
    plain = text.get_body(("plain",))
    assert plain is not None
    assert "goes back by itself" in " ".join(plain.get_content().split())
    assert "€80.00" in plain.get_content()
    letter.unlink()
    with card_app.app_context():
        told = {"order_id": str(order.id), "amount": "999.00", "currency": "USD"}
        payment_returned(**told)
        letter = sorted(mail_folder(current_settings()).glob("*.eml"))[-1]
    other = message_from_bytes(letter.read_bytes(), policy=policy.default).get_body(("plain",))
    assert other is not None
    assert ("$999.00" in other.get_content(), "€80.00" in other.get_content()) == (True, False)
    letter.unlink()


def test_localstripes_own_webhooks_place_the_order(
    settings: Settings, stripe: StripeServer, card_app: Flask
) -> None:
    """End to end: the button, the card, and the word of the provider, which nobody of ours has signed."""

    def told_of(intent_id: str) -> bool:
        return any(event.payload["intent_id"] == intent_id for event in kept(card_app))

    with served(card_app) as live, card_app.app_context():
        stripe.send_webhooks_to(f"{live.url}/webhooks/stripe")
        make_shipping()
        card = orders_by_card()
        stripe.pay(card.intent_id)
        deadline = time.monotonic() + 10
        while not told_of(card.intent_id) and time.monotonic() < deadline:
            time.sleep(0.1)  # what localstripe has left over from another test comes first
        work()
        assert state_of(card.order_id) == ("placed", "paid", "captured")
