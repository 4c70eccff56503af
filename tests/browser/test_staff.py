"""Staff pages: the way in, a product, the shelf, an order."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Browse
from tests.browser.shop import Shop
from tests.browser.watching import Watch


def enter(page: Page, shop: Shop) -> None:
    """Sign in and open the staff pages."""
    page.goto("/admin/")
    expect(page).to_have_url(re.compile("/account/sign-in"))
    page.locator("main").get_by_label("E-mail").fill(shop.staff.email)
    page.locator("main").get_by_label("Password").fill(shop.staff.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()


def test_a_changed_product_is_seen_by_a_shopper(page: Page, browse: Browse, shop: Shop, watch: Watch) -> None:
    enter(page, shop)
    page.get_by_role("navigation", name="Staff pages").get_by_role("link", name="Products").click()
    page.get_by_role("searchbox").or_(page.get_by_role("textbox")).first.fill("compass")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("table").get_by_role("link", name=re.compile("Northing Baseplate Compass")).first.click()

    price = page.get_by_label("Price", exact=True)
    price.fill("-1")
    with watch.expecting(422):
        page.get_by_role("button", name="Save").click()
        expect(price).to_have_attribute("aria-invalid", "true")
    price.fill("43.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Price", exact=True)).to_have_value("43.50")

    shopper = browse()
    shopper.goto("/p/northing-baseplate-compass")
    expect(shopper.locator(".product__price")).to_contain_text("€43.50")
    steps.search(shopper, "compass")
    expect(steps.product_card(shopper, "Northing Baseplate Compass")).to_contain_text("€43.50")


def test_a_counted_shelf_is_what_can_be_bought(page: Page, browse: Browse, shop: Shop) -> None:
    enter(page, shop)
    page.get_by_role("navigation", name="Staff pages").get_by_role("link", name="Stock").click()
    page.get_by_role("searchbox").or_(page.get_by_role("textbox")).first.fill("Sideboard")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("table").get_by_role("link", name=re.compile("Sideboard")).first.click()
    page.get_by_label("Units on the shelf").fill("4")
    page.get_by_label("Note").fill("Found behind the tents")
    page.get_by_role("button", name="Save the count").click()
    expect(page.get_by_role("table")).to_contain_text("+4")

    shopper = browse()
    shopper.goto("/p/sideboard-two-burner-stove")
    expect(shopper.get_by_text("Only 4 left")).to_be_visible()

    page.get_by_label("Units on the shelf").fill("0")
    page.get_by_role("button", name="Save the count").click()
    expect(page.get_by_role("table")).to_contain_text("-4")
    shopper.reload()
    expect(shopper.get_by_text("This one is sold out.")).to_be_visible()


def test_an_order_is_found_by_its_number(page: Page, browse: Browse, shop: Shop) -> None:
    shopper = browse()
    email = steps.fresh_email()
    steps.add_simple_product(shopper, "long-spork")
    number = steps.place_order_as_guest(shopper, email)

    enter(page, shop)
    page.get_by_role("navigation", name="Staff pages").get_by_role("link", name="Orders").click()
    page.get_by_label("Number or e-mail").fill(number)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("table").get_by_role("link", name=number).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    expect(page.locator("main")).to_contain_text(email)
    expect(page.locator("main")).to_contain_text("Am Hang 3")


def test_a_customer_is_kept_out(page: Page, watch: Watch) -> None:
    steps.sign_up(page, steps.fresh_email())
    with watch.expecting(403):
        page.goto("/admin/orders")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
