"""What several journeys do on their way. Each step is what a person does: by labels, roles and visible words."""

from __future__ import annotations

import itertools
import re
import time
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

PASSWORD = "seven-quiet-otters"
_numbers = itertools.count(1)
_MAIL_SECONDS = 40.0  # the first letter waits until the workers have started


def fresh_email(name: str = "ida") -> str:
    """An address that nobody else of the shared shop has."""
    return f"{name}-{time.time_ns()}-{next(_numbers)}@example.com"


def search(page: Page, text: str) -> None:
    """Type into the field of the header and send it."""
    field = page.get_by_label("Search the shop").first
    field.fill(text)
    field.press("Enter")


def product_card(page: Page, name: str) -> Locator:
    """The card of a product in a list."""
    return page.get_by_role("article").filter(has=page.get_by_role("link", name=name, exact=True))


def cart_badge(page: Page) -> Locator:
    """The number at the cart in the header."""
    return page.locator("#cart-count")


def drawer(page: Page) -> Locator:
    """The cart's drawer."""
    return page.get_by_role("dialog", name="Your cart")


def add_simple_product(page: Page, slug: str) -> None:
    """Put a product without variants into the cart from its page; ends on that page or on the cart's."""
    page.goto(f"/p/{slug}")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("In your cart:").first).to_be_visible()


def fill_address(page: Page, name: str = "Ida Larsen") -> None:
    """A German address into the form for one."""
    page.get_by_label("Full name").first.fill(name)
    page.get_by_label("Street and number").first.fill("Am Hang 3")
    page.get_by_label("Postal code").first.fill("10115")
    page.get_by_label("City").first.fill("Berlin")


def place_order_as_guest(page: Page, email: str) -> str:
    """From the checkout to the thanks; returns the order's number."""
    page.goto("/checkout")
    page.get_by_label("E-mail address").fill(email)
    fill_address(page)
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    return order_number(page)


def order_number(page: Page) -> str:
    """The number in the address of an order's page."""
    found = re.search(r"/orders/([0-9A-Z]{8})", urlsplit(page.url).path)
    assert found, page.url
    return found.group(1)


def open_mail(page: Page, to: str, subject: str) -> None:
    """Wait for a letter at /dev/mail and open it."""
    row = page.get_by_role("row").filter(has_text=to).filter(has_text=subject)
    deadline = time.monotonic() + _MAIL_SECONDS
    page.goto("/dev/mail")
    while not row.count():
        assert time.monotonic() < deadline, (
            f"no mail “{subject}” to {to}: {page.locator('main').inner_text()}"
        )
        page.wait_for_timeout(200)
        page.reload()
    row.first.get_by_role("link").click()


def link_in_mail(page: Page, path: str) -> str:
    """The link to ``path`` in the text of the opened letter."""
    text = page.locator(".letter-text").text_content() or ""
    found = re.search(rf"https?://\S+{re.escape(path)}\S*", text)
    assert found, text
    return found.group(0)


def sign_up(page: Page, email: str) -> None:
    """A new account, confirmed by the mailed link; ends signed in."""
    page.goto("/account/sign-up")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("First name").fill("Ida")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", level=1, name="Look into your mailbox")).to_be_visible()
    open_mail(page, email, "confirm your e-mail")
    page.goto(link_in_mail(page, "/account/confirm"))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm and sign in").click()
    expect(page.get_by_role("heading", level=1, name="Hello, Ida")).to_be_visible()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Through the form of the sign-in page."""
    page.goto("/account/sign-in")
    page.locator("main").get_by_label("E-mail").fill(email)
    page.locator("main").get_by_label("Password").fill(password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("/sign-in"))


def sign_out(page: Page) -> None:
    """By the button of the account pages."""
    page.goto("/account")
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
