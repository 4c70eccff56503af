"""Staff make a code and a gift card; a guest pays less with one and the rest with the other."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Browse
from tests.browser.shop import Shop
from tests.browser.test_staff import enter
from tests.browser.watching import Watch


def _gift_card(page: Page) -> str:
    page.goto("/admin/gift-cards/new")
    page.get_by_label("Worth").fill("10")
    page.get_by_role("button", name="Issue it").click()
    return page.locator("section strong").inner_text()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_code_and_a_gift_card_from_staff_to_the_order(
    page: Page, browse: Browse, shop: Shop, watch: Watch, javascript: bool
) -> None:
    code = f"LESS{int(javascript)}"
    enter(page, shop)
    page.get_by_role("navigation", name="Staff pages").get_by_role("link", name="Promotions").click()
    page.get_by_role("link", name="Add a promotion").click()
    page.get_by_label("Name, as shoppers read it").fill("A tenth off")
    page.get_by_label("Per cent or amount").fill("10")
    page.get_by_label("Code", exact=False).first.fill(code)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("table")).to_contain_text(code)
    card = _gift_card(page)

    guest = browse(javascript=javascript, width=390)
    steps.add_simple_product(guest, "northing-baseplate-compass")
    guest.goto("/cart")
    with watch.expecting(422) if javascript else nullcontext():  # without JavaScript a redirect says it
        guest.get_by_label("Discount code").fill("NOBODYS")
        guest.get_by_role("button", name="Apply").click()
        expect(guest.get_by_text("We do not know the code “NOBODYS”.").first).to_be_visible()
    guest.get_by_label("Discount code").fill(code.lower())
    guest.get_by_role("button", name="Apply").click()
    expect(guest.get_by_text(f"A tenth off ({code})")).to_be_visible()
    guest.get_by_role("link", name="To the checkout").first.click()

    guest.get_by_label("E-mail address").fill(steps.fresh_email())
    steps.fill_address(guest)
    # Enter in the field applies the card; it does not order.
    guest.get_by_label("Gift card").fill(card)
    guest.get_by_label("Gift card").press("Enter")
    expect(guest.get_by_text(re.compile("Gift card ending in"))).to_be_visible()
    expect(guest.get_by_label("City").first).to_have_value("Berlin")
    guest.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(guest.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    expect(guest.locator("#order-sums")).to_contain_text("A tenth off")
    expect(guest.locator("#order-sums")).to_contain_text("-€10.00")
    expect(guest.locator("#order-sums")).to_contain_text("To pay")
