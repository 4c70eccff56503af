"""Keeping a card, paying with it, adding and removing one: as pages."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from storefront.core.identity import Identity
from storefront.payments.saved_cards import introduce, kept_cards
from tests.factories.buying import (
    fill_cart,
    make_product,
    make_shipping,
    shopper_with_token,
)
from tests.factories.cards import work
from tests.stripe_server import NEEDS_3D_SECURE, StripeServer
from tests.web.paper_browser import PaperBrowser
from tests.web.test_checkout_pages import TYPED


@pytest.fixture
def shopper(card_app: Flask) -> tuple[Identity, PaperBrowser]:
    """Somebody with an account and a kettle for 80 in the cart."""
    with card_app.app_context():
        make_shipping()
        identity, token = shopper_with_token("ida@example.com")
        fill_cart(identity, (make_product("Kettle", "80.00"), 1))
    return identity, PaperBrowser(card_app, token)


def to_the_card(browser: PaperBrowser) -> str:
    form = browser.form(browser.get("/checkout"), "/checkout")
    response = browser.submit(form, **TYPED | {"payment_method": "stripe"})
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def cards(app: Flask, identity: Identity) -> list[str]:
    with app.app_context():
        return [card.last_four for card in kept_cards(identity.user_id)]


def add_card(browser: PaperBrowser, stripe: StripeServer, number: str = "4242424242424242") -> None:
    page = browser.follow(browser.post("/account/cards/new", {}))
    found = re.search(r'data-secret="(seti_\w+)_secret_', page.text)
    assert found
    if stripe.set_up(found.group(1), number)["status"] == "requires_action":
        stripe.set_up(found.group(1))
    assert browser.get("/account/cards/added").headers["Location"] == "/account/cards"


def test_the_box_has_the_card_kept(card_app: Flask, shopper: tuple, stripe: StripeServer) -> None:
    identity, browser = shopper
    path = to_the_card(browser)
    page = browser.get(path)
    assert f'data-keep="{path}/keep"' in page.text
    assert 'data-told="no"' in page.text
    for said in ("yes", "no", "yes"):
        assert browser.post(f"{path}/keep", {"keep": said}).status_code == 204
        assert f'data-told="{said}"' in browser.get(path).text
    (intent,) = stripe.intents()
    stripe.pay(intent["id"])
    assert "/thanks" in browser.get(f"/checkout/return?order={path.rsplit('/', 1)[1]}").headers["Location"]
    with card_app.app_context():
        work()
    assert cards(card_app, identity) == ["4242"]


def test_a_kept_card_pays_without_javascript(card_app: Flask, shopper: tuple, stripe: StripeServer) -> None:
    _identity, browser = shopper
    add_card(browser, stripe)
    path = to_the_card(browser)
    page = browser.get(path)
    assert "Pay with Visa •••• 4242" in page.text
    paid = browser.follow(browser.submit(browser.form(page, f"{path}/card")))
    assert "Thank you for your order" in browser.follow(paid).text


def test_the_bank_is_a_page_in_between(card_app: Flask, shopper: tuple, stripe: StripeServer) -> None:
    _identity, browser = shopper
    add_card(browser, stripe, NEEDS_3D_SECURE)
    path = to_the_card(browser)
    answer = browser.submit(browser.form(browser.get(path), f"{path}/card"))
    assert answer.status_code == 200
    address = answer.headers["Refresh"].removeprefix("0;url=")
    assert address.startswith(f"{stripe.url}/_bank?intent=pi_")
    assert f'href="{address.replace("&", "&amp;")}"' in answer.text
    (intent,) = stripe.intents()
    stripe.authenticate(intent["id"])
    assert "/thanks" in browser.get(f"/checkout/return?order={path.rsplit('/', 1)[1]}").headers["Location"]


def test_cards_are_added_and_removed_in_the_account(
    card_app: Flask, shopper: tuple, stripe: StripeServer
) -> None:
    identity, browser = shopper
    assert "No card kept" in browser.get("/account/cards").text
    add_card(browser, stripe)
    page = browser.get("/account/cards")
    assert "Visa •••• 4242" in page.text
    with card_app.app_context():
        (card,) = kept_cards(identity.user_id)
    removed = browser.follow(browser.submit(browser.form(page, f"/account/cards/{card.id}/removal")))
    assert "The card is removed" in removed.text
    assert cards(card_app, identity) == []


def test_a_look_at_the_page_begins_nothing(card_app: Flask, shopper: tuple, stripe: StripeServer) -> None:
    _identity, browser = shopper
    begun = browser.post("/account/cards/new", {"next": "/account/membership"})
    path = begun.headers["Location"]
    assert path.startswith("/account/cards/new/seti_")
    assert path.endswith("?next=/account/membership")
    for _look in range(2):
        assert "seti_" in browser.get(path).text
    assert len([one for one in stripe.asked_for("/v1/setup_intents") if one.form.get("customer")]) == 1
    with card_app.app_context():
        stranger, token = shopper_with_token()
        introduce(stranger.user_id, "bob@example.com")
    assert PaperBrowser(card_app, token).get(path).status_code == 404
    assert browser.get("/account/cards/new/seti_unknown").status_code == 404
    assert browser.get("/account/cards/new").status_code == 405
    setup = re.search(r"seti_\w+", path)
    assert setup
    stripe.set_up(setup.group(0), "4242424242424242")
    assert "/account/cards/added" in browser.get(path).headers["Location"]


def test_guests_and_strangers_get_nowhere(card_app: Flask, shopper: tuple, stripe: StripeServer) -> None:
    identity, browser = shopper
    add_card(browser, stripe)
    path = to_the_card(browser)
    with card_app.app_context():
        (card,) = kept_cards(identity.user_id)
        _stranger, token = shopper_with_token()
    for other in (PaperBrowser(card_app), PaperBrowser(card_app, token)):
        for what in ("keep", "card"):
            assert other.post(f"{path}/{what}", {"card": str(card.id)}).status_code == 404
        assert other.post(f"/account/cards/{card.id}/removal", {}).status_code in (303, 404)
    assert browser.post(f"{path}/card", {"card": "x"}).status_code == 404
    assert cards(card_app, identity) == ["4242"]


def test_the_provider_may_be_away(card_app: Flask, shopper: tuple, stripe: StripeServer) -> None:
    _identity, browser = shopper
    stripe.fail_next("/v1/customers", status=500, times=3)
    assert browser.post("/account/cards/new", {}).headers["Location"] == "/account/cards"
    path = to_the_card(browser)
    stripe.fail_next("/v1/customers", status=500, times=3)
    assert browser.post(f"{path}/keep", {}).status_code == 503


def test_without_keys_there_are_no_cards(app: Flask) -> None:
    with app.app_context():
        _identity, token = shopper_with_token()
    browser = PaperBrowser(app, token)
    assert browser.get("/account/cards").status_code == 404
    assert "/account/cards" not in browser.get("/account").text
