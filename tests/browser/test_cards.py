"""Paying by card in a real browser: our page, a stand-in for Stripe's script from another origin, 3-D Secure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from storefront.http.visitor import TOKEN
from tests.browser import steps
from tests.browser.watching import Watch
from tests.factories.buying import make_product, shopper_with_token
from tests.factories.cards import work
from tests.stripe_server import DECLINED, NEEDS_3D_SECURE, VISA, StripeServer

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def kettle(card_app: Flask, card_shop: str) -> None:
    """What everybody here buys."""
    with card_app.app_context():
        make_product("Kettle", "80.00", slug="kettle")


@pytest.fixture
def shopper(chromium: Browser, card_shop: str, watch: Watch) -> Iterator[Page]:
    """A guest with JavaScript."""
    context = chromium.new_context(base_url=card_shop, viewport={"width": 390, "height": 844})
    context.set_default_timeout(10_000)
    watch.follow(context, javascript=True)
    yield context.new_page()
    context.close()


def to_the_card(page: Page) -> None:
    page.goto("/p/kettle")
    page.get_by_role("button", name="Add to cart").first.click()
    expect(steps.cart_badge(page)).to_contain_text("1")
    page.goto("/checkout")
    page.get_by_label("E-mail address").fill(steps.fresh_email())
    steps.fill_address(page)
    page.get_by_role("radio", name=re.compile("^Card")).check()
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(page.get_by_role("heading", level=1, name="Pay by card")).to_be_visible()


def pay(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name="Pay €80.00").click()


def test_a_card_that_is_declined_then_one_that_pays(
    shopper: Page, watch: Watch, stripe: StripeServer, tmp_path: Path
) -> None:
    to_the_card(shopper)
    assert shopper.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with watch.expecting(402):
        pay(shopper, DECLINED)
        expect(shopper.get_by_role("alert")).to_contain_text("Your card was declined.")
    pay(shopper, VISA)
    expect(shopper.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    expect(shopper.locator("main")).to_contain_text("Card. Paid.")
    assert not any(VISA in one.form.values() for one in stripe.asked_for("/v1/payment_intents"))


@pytest.mark.parametrize("approves", [True, False])
def test_the_bank_asks_first(shopper: Page, approves: bool) -> None:
    shopper.on("dialog", lambda dialog: dialog.accept() if approves else dialog.dismiss())
    to_the_card(shopper)
    pay(shopper, NEEDS_3D_SECURE)
    if approves:
        expect(shopper.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    else:
        expect(shopper.get_by_role("alert")).to_contain_text("Your bank did not approve.")


def test_without_the_providers_script_the_page_says_so(
    shopper: Page, watch: Watch, stripe: StripeServer
) -> None:
    stripe.fail_next("/v3/", status=404)
    with watch.expecting(404):
        to_the_card(shopper)
        expect(shopper.get_by_role("alert")).to_contain_text("could not be loaded")
    expect(shopper.get_by_role("link", name="Choose another way to pay")).to_be_visible()


def test_without_javascript_the_page_says_so_and_leads_back(chromium: Browser, card_shop: str) -> None:
    context: BrowserContext = chromium.new_context(base_url=card_shop, java_script_enabled=False)
    page = context.new_page()
    to_the_card(page)
    # Playwright finds no text below <noscript>.
    expect(page.locator("main noscript .alert")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Pay"))).to_be_hidden()
    page.get_by_role("link", name="Choose another way to pay").click()
    expect(page.locator("#checkout-options noscript .alert")).to_be_visible()
    page.get_by_label("E-mail address").fill(steps.fresh_email())
    steps.fill_address(page)
    page.get_by_role("radio", name=re.compile("^On invoice")).check()
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    context.close()


def test_a_card_is_kept_and_pays_the_next_order_with_one_button(
    chromium: Browser, card_shop: str, card_app: Flask, watch: Watch
) -> None:
    with card_app.app_context():
        _identity, token = shopper_with_token("ida@example.com")
    with card_app.test_request_context():
        serializer = card_app.session_interface.get_signing_serializer(card_app)  # type: ignore[attr-defined]
        cookie = {"name": "shop_session", "value": serializer.dumps({TOKEN: token}), "url": card_shop}
    context = chromium.new_context(base_url=card_shop, viewport={"width": 390, "height": 844})
    context.add_cookies([cookie])  # type: ignore[list-item]
    context.set_default_timeout(10_000)
    watch.follow(context, javascript=True)
    page = context.new_page()
    for again in (False, True):
        page.goto("/p/kettle")
        page.get_by_role("button", name="Add to cart").first.click()
        expect(steps.cart_badge(page)).to_contain_text("1")
        page.goto("/checkout")
        steps.fill_address(page)
        page.get_by_role("radio", name=re.compile("^Card")).check()
        page.get_by_role("button", name=re.compile("^Order and pay")).click()
        if again:
            page.get_by_role("button", name="Pay with Visa •••• 4242").click()
        else:
            box = page.get_by_role("checkbox", name=re.compile("^Keep this card"))
            for wanted in (True, False):  # thought better of between two declined attempts
                box.set_checked(wanted)
                with watch.expecting(402):
                    pay(page, DECLINED)
                    expect(box).to_have_attribute("data-told", "yes" if wanted else "no")
                    expect(page.get_by_role("alert")).to_contain_text("Your card was declined.")
            box.check()
            pay(page, VISA)
        expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
        with card_app.app_context():
            work()
    page.goto("/account/cards")
    page.get_by_role("button", name="Remove the card that ends in 4242").click()
    expect(page.get_by_text("No card kept")).to_be_visible()
    context.close()
