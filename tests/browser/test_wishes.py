"""Hearts and what is saved for later, with JavaScript and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse
from tests.browser.steps import cart_badge


def heart(page: Page, name: str) -> Locator:
    """The heart beside the card of a product."""
    return page.get_by_role("main").get_by_role("button", name=f"On your wish list: {name}")


def test_a_heart_stays_pressed_and_the_wish_goes_into_the_cart(page: Page) -> None:
    page.goto("/search?stock=1&sort=price_asc")
    name = page.get_by_role("article").first.get_by_role("link").inner_text()
    heart(page, name).focus()
    page.keyboard.press("Enter")
    expect(heart(page, name)).to_have_attribute("aria-pressed", "true")
    expect(heart(page, name)).to_be_focused()
    page.reload()
    expect(heart(page, name)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Wish list").click()
    wish = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))
    wish.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nothing wished for yet")).to_be_visible()


def test_without_javascript_a_heart_leads_to_the_list(plain_page: Page) -> None:
    plain_page.goto("/search?stock=1&sort=price_asc")
    name = plain_page.get_by_role("article").first.get_by_role("link").inner_text()
    heart(plain_page, name).click()
    expect(plain_page).to_have_url("/wish-list")
    expect(plain_page.get_by_text(f"On your wish list: {name}.")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_line_is_saved_for_later_and_comes_back(browse: Browse, javascript: bool) -> None:
    page = browse(javascript=javascript)
    page.goto("/search?stock=1&q=kettle")
    page.get_by_role("article").first.get_by_role("link").click()
    page.get_by_role("button", name="Add to cart").click()
    expect(cart_badge(page)).to_contain_text("1 item")
    page.goto("/cart")
    page.get_by_role("button", name="for later").click()
    saved = page.get_by_role("region", name="Saved for later")
    expect(saved.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text("Your cart is empty")).to_be_visible()
    saved.get_by_role("button", name="Move to the cart").click()
    expect(page.locator("#cart").get_by_role("listitem")).to_have_count(1)
    expect(saved).to_be_hidden()
