"""From a search to an order and its letter, as a guest: with JavaScript, and with none."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.watching import Watch


def test_from_a_search_to_the_letter(page: Page, watch: Watch) -> None:
    email = steps.fresh_email()
    page.goto("/")
    steps.search(page, "tent")
    expect(page.get_by_role("heading", level=1)).to_contain_text("tent")
    before = _count(page)

    # A filter narrows the list without a new page, keeps the focus and stands in the address.
    page.evaluate("window.samePage = true")
    choice = page.get_by_role("group", name="Colour").get_by_role("checkbox", name="Fir")
    choice.check()
    expect(page.get_by_role("link", name=re.compile("Remove the filter"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"option\.Colour=Fir"))
    expect(choice).to_be_focused()
    assert _count(page) < before
    assert page.evaluate("window.samePage") is True

    # Another version: its picture, its stock, still the same page.
    page.get_by_role("link", name="Drift 3 Dome Tent", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Drift 3 Dome Tent")).to_be_visible()
    picture = page.locator(".gallery__slide img").first
    shown = picture.get_attribute("src")
    page.get_by_role("group", name="Colour").get_by_role("radio", name="Ochre").check()
    expect(page.get_by_text("Your choice: Ochre")).to_be_visible()
    expect(picture).not_to_have_attribute("src", str(shown))
    page.get_by_role("button", name="Add to cart").click()

    drawer = steps.drawer(page)
    expect(drawer).to_be_visible()
    expect(drawer.get_by_role("link", name=re.compile("^Drift 3 Dome Tent"))).to_be_visible()
    expect(steps.cart_badge(page)).to_contain_text("1 item")
    expect(drawer.get_by_role("status")).to_contain_text("Added to your cart: Drift 3 Dome Tent")

    # More of it: the sum follows, and so does the badge.
    quantity = drawer.get_by_role("spinbutton", name=re.compile("^Quantity of Drift 3 Dome Tent"))
    drawer.get_by_role("button", name="One more").click()
    expect(quantity).to_have_value("2")
    expect(drawer).to_contain_text("€718.00")
    expect(steps.cart_badge(page)).to_contain_text("2 items")
    expect(drawer.get_by_role("button", name="One more")).to_be_focused()
    drawer.get_by_role("link", name="To the checkout").click()

    # Mistakes are said at the fields, and what was typed stays.
    page.get_by_label("Full name").first.fill("Ida Larsen")
    page.get_by_label("E-mail address").fill("nobody")
    with watch.expecting(422):
        page.get_by_role("button", name=re.compile("^Order and pay")).click()
        expect(page.get_by_label("E-mail address")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Full name").first).to_have_value("Ida Larsen")
    expect(page.get_by_role("alert").filter(has_text="street")).to_be_focused()

    # Another way to ship brings the total up to date.
    page.get_by_label("E-mail address").fill(email)
    steps.fill_address(page)
    page.get_by_role("radio", name=re.compile("Express")).check()
    expect(page.get_by_role("button", name="Order and pay €730.90")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Order and pay")).click()

    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    number = steps.order_number(page)
    expect(steps.cart_badge(page)).to_be_empty()

    steps.open_mail(page, email, number)
    _follow_the_letter(page, number, email)
    expect(page.get_by_role("heading", level=1, name=f"Order {number}")).to_be_visible()
    expect(page.locator("#order-sums")).to_contain_text("€730.90")

    # On paper: the shop's name and the order, nothing to press.
    page.emulate_media(media="print")
    expect(page.locator("#order")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("Larkfell")
    for around in (page.get_by_role("search"), page.get_by_role("contentinfo"), page.get_by_role("button")):
        expect(around.locator("visible=true")).to_have_count(0)


def test_the_same_without_javascript(plain_page: Page, watch: Watch) -> None:
    page = plain_page
    email = steps.fresh_email()
    page.goto("/")
    steps.search(page, "tent")
    before = _count(page)
    page.get_by_role("group", name="Colour").get_by_role("checkbox", name="Fir").check()
    page.get_by_role("button", name="Show results").click()
    assert _count(page) < before

    page.get_by_role("link", name="Drift 3 Dome Tent", exact=True).click()
    page.get_by_role("group", name="Colour").get_by_role("radio", name="Ochre").check()
    page.get_by_role("button", name="Show this choice").click()
    expect(page.get_by_text("Your choice: Ochre")).to_be_visible()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("heading", level=1, name="Your cart")).to_be_visible()
    expect(page.get_by_text("In your cart: Drift 3 Dome Tent")).to_be_visible()

    page.get_by_role("spinbutton", name=re.compile("^Quantity of Drift 3 Dome Tent")).fill("2")
    page.get_by_role("button", name="Update").click()
    expect(page.locator("#cart-sums")).to_contain_text("€718.00")
    page.get_by_role("link", name="To the checkout").click()

    page.get_by_label("Full name").first.fill("Ida Larsen")
    with watch.expecting(422):
        page.get_by_role("button", name=re.compile("^Order and pay")).click()
        expect(page.get_by_label("E-mail address")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Full name").first).to_have_value("Ida Larsen")

    page.get_by_label("E-mail address").fill(email)
    steps.fill_address(page)
    page.get_by_role("radio", name=re.compile("Express")).check()
    page.get_by_role("button", name="Update shipping and total").click()
    page.get_by_role("button", name="Order and pay €730.90").click()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    number = steps.order_number(page)

    steps.open_mail(page, email, number)
    _follow_the_letter(page, number, email)
    expect(page.locator("#order-sums")).to_contain_text("€730.90")


def test_a_size_is_asked_for_and_what_is_sold_out_says_so(page: Page) -> None:
    page.goto("/p/trod-hiking-socks")
    sizes = page.get_by_role("group", name="EU size")
    expect(page.get_by_role("button", name="Add to cart")).to_have_count(0)
    page.get_by_role("button", name="Choose: EU size").click()
    expect(sizes.get_by_role("radio").first).to_be_focused()

    gone = sizes.locator("label", has_text="sold out").first
    gone.get_by_role("radio").check()
    expect(page.get_by_text("This one is sold out.")).to_be_visible()
    expect(page.get_by_role("button", name="Add to cart")).to_have_count(0)
    sizes.locator("label:not(:has-text('sold out'))").first.get_by_role("radio").check()
    expect(page.get_by_role("button", name="Add to cart")).to_be_visible()


def test_a_removed_line_can_be_put_back(page: Page) -> None:
    steps.add_simple_product(page, "long-spork")
    page.goto("/cart")
    page.get_by_role("button", name="Remove Long Spork").click()
    expect(page.get_by_text("Your cart is empty").first).to_be_visible()
    expect(page.get_by_role("button", name="Put it back")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Removed: Long Spork.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("spinbutton", name="Quantity of Long Spork")).to_have_value("1")
    expect(steps.cart_badge(page)).to_contain_text("1 item")


def test_a_guest_finds_an_order_again_from_another_browser(page: Page, browse, watch: Watch) -> None:
    email = steps.fresh_email()
    steps.add_simple_product(page, "nine-knots")
    number = steps.place_order_as_guest(page, email)

    elsewhere = browse()
    with watch.expecting(404):
        elsewhere.goto(f"/orders/{number}")
    elsewhere.goto("/orders/find")
    elsewhere.get_by_label("Order number").fill(number.lower())
    elsewhere.get_by_label("E-mail address").fill("somebody@example.com")
    with watch.expecting(422):
        elsewhere.get_by_role("button", name="Find the order").click()
        expect(elsewhere.get_by_text("We found no order with this number").first).to_be_visible()
    elsewhere.get_by_label("E-mail address").fill(email)
    elsewhere.get_by_role("button", name="Find the order").click()
    expect(elsewhere.get_by_role("heading", level=1, name=f"Order {number}")).to_be_visible()

    elsewhere.get_by_role("link", name="Cancel the order").click()
    elsewhere.get_by_role("button", name="Yes, cancel the order").click()
    expect(elsewhere.get_by_text("Your order was cancelled.").first).to_be_visible()
    steps.open_mail(elsewhere, email, "cancelled")


def _count(page: Page) -> int:
    """How many products the list says it has."""
    found = re.search(r"\d+", page.locator(".listing__count").inner_text())
    assert found
    return int(found.group())


def _follow_the_letter(page: Page, number: str, email: str) -> None:
    """The letter's link leads to the look-up with the number filled in; the address proves who asks."""
    page.goto(steps.link_in_mail(page, "/orders/find"))
    expect(page.get_by_label("Order number")).to_have_value(number)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Find the order").click()
