"""From the cart to the money back, as shopper and staff see it: by card with 3-D Secure, and with no script."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Browse
from tests.browser.watching import Watch
from tests.factories.accounts import MadeUser, make_staff, make_user
from tests.factories.buying import make_product
from tests.factories.promotions import make_promotion
from tests.stripe_server import NEEDS_3D_SECURE, StripeServer

pytestmark = pytest.mark.browser


@pytest.fixture
def staff(card_app: Flask, card_shop: str) -> MadeUser:
    """Somebody who packs and gives money back; there is something to buy, and a code that takes a tenth off."""
    with card_app.app_context():
        make_product("Kettle", "80.00", slug="kettle")
        make_product("Mug", "10.00", slug="mug")
        make_promotion(name="A tenth off", code="AUTUMN")
        return make_staff()


def test_by_card_with_3d_secure(
    browse_cards: Browse, card_app: Flask, staff: MadeUser, stripe: StripeServer, watch: Watch
) -> None:
    with card_app.app_context():
        ida = make_user("ida@example.com")
    shopper = browse_cards(width=390)
    steps.sign_in(shopper, ida.email, ida.password)
    _fill_the_cart(shopper)
    shopper.get_by_role("link", name="To the checkout").click()
    steps.fill_address(shopper)
    shopper.get_by_role("radio", name=re.compile("^Card")).check()
    shopper.get_by_role("button", name="Order and pay €81.00").click()

    shopper.on("dialog", lambda bank: bank.accept())
    shopper.get_by_label("Card number").fill(NEEDS_3D_SECURE)
    shopper.get_by_role("button", name="Pay €81.00").click()
    expect(shopper.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    number = steps.order_number(shopper)
    shopper.get_by_role("link", name="To the order").click()
    expect(shopper.locator("main")).to_contain_text("Card. Paid.")

    counter = browse_cards()
    _send(counter, staff, number)
    shopper.reload()
    expect(shopper.get_by_role("link", name="Follow the parcel")).to_have_attribute("href", re.compile("dhl"))
    _has_arrived(counter)
    _ask_for_a_return(shopper, watch)
    _take_it_back(counter, number)

    shopper.reload()
    expect(_money_back(shopper)).to_contain_text("€72.00")
    (payment,) = stripe.intents()
    assert [one["amount"] for one in stripe.refunds(payment["id"])] == [7200]


def test_without_a_script(browse_cards: Browse, staff: MadeUser, watch: Watch) -> None:
    shopper = browse_cards(javascript=False)
    _fill_the_cart(shopper)
    shopper.get_by_role("link", name="To the checkout").click()
    shopper.get_by_label("E-mail address").fill("guest@example.com")
    steps.fill_address(shopper)

    # A card needs a script: the page says so before it is chosen, and after.
    expect(shopper.locator("#checkout-options noscript .alert")).to_be_visible()
    shopper.get_by_role("radio", name=re.compile("^Card")).check()
    shopper.get_by_role("button", name="Order and pay €81.00").click()
    expect(shopper.locator("main noscript .alert")).to_be_visible()
    shopper.get_by_role("link", name="Choose another way to pay").click()
    shopper.get_by_label("E-mail address").fill("guest@example.com")
    steps.fill_address(shopper)
    shopper.get_by_role("radio", name=re.compile("^On invoice")).check()
    shopper.get_by_role("button", name="Order and pay €81.00").click()
    expect(shopper.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    number = steps.order_number(shopper)
    shopper.get_by_role("link", name="To the order").click()

    counter = browse_cards(javascript=False, width=390)
    _send(counter, staff, number)
    _has_arrived(counter)
    counter.get_by_label("Amount").fill("81.00")
    counter.get_by_role("button", name="Take it").click()
    expect(counter.get_by_text("The payment was taken.")).to_be_visible()
    _ask_for_a_return(shopper, watch)
    _take_it_back(counter, number)

    shopper.reload()
    expect(_money_back(shopper)).to_contain_text("€72.00")


def _fill_the_cart(shopper: Page) -> None:
    for slug in ("kettle", "mug"):
        steps.add_simple_product(shopper, slug)
    shopper.goto("/cart")
    shopper.get_by_label("Discount code").fill("AUTUMN")
    shopper.get_by_role("button", name="Apply").click()
    expect(shopper.locator("#cart-sums")).to_contain_text("€81.00")


def _send(counter: Page, staff: MadeUser, number: str) -> None:
    """Staff find the order and send all of it."""
    steps.sign_in(counter, staff.email, staff.password)
    counter.goto("/admin/orders")
    counter.get_by_role("link", name=number).click()
    counter.get_by_label("Carrier").fill("DHL")
    counter.get_by_label("Tracking number").fill("00340434161094000001")
    counter.get_by_role("button", name="Send it").click()
    expect(counter.get_by_text("The parcel is on its way.")).to_be_visible()


def _has_arrived(counter: Page) -> None:
    counter.get_by_role("button", name="It has arrived").click()
    expect(counter.get_by_text("The parcel has arrived.")).to_be_visible()


def _ask_for_a_return(shopper: Page, watch: Watch) -> None:
    """From the order's page: a remark at the field that was forgotten, then what comes back, then yes."""
    shopper.reload()
    expect(shopper.get_by_text("Delivered", exact=True).first).to_be_visible()
    shopper.get_by_role("link", name="Return or exchange").click()
    kettle = shopper.get_by_role("group", name=re.compile("^Kettle"))
    kettle.get_by_label("How many of 1").fill("1")
    with watch.expecting(422):
        shopper.get_by_role("button", name="Go on").click()
        expect(kettle.get_by_label("Why")).to_have_attribute("aria-invalid", "true")
    kettle.get_by_label("Why").select_option("Too large")
    shopper.get_by_role("button", name="Go on").click()
    expect(shopper.get_by_text("You get back €72.00.")).to_be_visible()
    shopper.get_by_role("button", name="Ask for the return").click()
    expect(shopper.get_by_text("We have your return")).to_be_visible()


def _take_it_back(counter: Page, number: str) -> None:
    """Staff say yes, receive the goods, give the money back."""
    counter.goto("/admin/returns")
    counter.get_by_role("link", name=re.compile(number)).click()
    for button in ("Approve it", "Received", "Give it back"):
        counter.get_by_role("button", name=button, exact=True).click()
        expect(counter.get_by_text("Done. The customer gets a mail for each step.")).to_be_visible()
        expect(counter.get_by_role("button", name=button, exact=True)).to_have_count(0)


def _money_back(shopper: Page) -> Locator:
    return shopper.get_by_role("region", name="Money back")
