"""An account from its first letter to the sign-in that somebody ends from elsewhere."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Browse
from tests.browser.watching import Watch

OTHER_PASSWORD = "nine-slow-herons"


def test_the_cart_of_a_guest_comes_along_and_survives_the_sign_out(page: Page, browse: Browse) -> None:
    email = steps.fresh_email()
    steps.sign_up(page, email)
    steps.add_simple_product(page, "long-spork")
    steps.sign_out(page)
    expect(steps.cart_badge(page)).to_be_empty()

    # The same person as a guest, elsewhere, with something else.
    elsewhere = browse()
    steps.add_simple_product(elsewhere, "nine-knots")
    elsewhere.goto("/cart")
    elsewhere.get_by_role("link", name="To the checkout").click()
    elsewhere.locator("main").get_by_role("link", name="Sign in").click()
    elsewhere.locator("main").get_by_label("E-mail").fill(email)
    elsewhere.locator("main").get_by_label("Password").fill(steps.PASSWORD)
    elsewhere.locator("main").get_by_role("button", name="Sign in").click()
    expect(elsewhere).to_have_url(re.compile("/checkout$"))
    summary = elsewhere.get_by_role("complementary", name="Your order")
    expect(summary).to_contain_text("Long Spork")
    expect(summary).to_contain_text("Nine Knots")
    expect(elsewhere.get_by_text(f"You are signed in as {email}.")).to_be_visible()


def test_a_wrong_password_keeps_the_address_and_says_one_thing(page: Page, watch: Watch) -> None:
    page.goto("/account/sign-in")
    form = page.locator("main")
    form.get_by_label("E-mail").fill("nobody@example.com")
    form.get_by_label("Password").fill("not-the-password")
    with watch.expecting(422):
        form.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not match an account")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(form.get_by_label("E-mail")).to_have_value("nobody@example.com")
    expect(form.get_by_label("Password")).to_have_value("")


def test_a_new_password_ends_the_other_sign_ins(page: Page, browse: Browse, watch: Watch) -> None:
    email = steps.fresh_email()
    steps.sign_up(page, email)

    elsewhere = browse()
    elsewhere.goto("/account/sign-in")
    elsewhere.get_by_role("link", name="Forgot your password?").click()
    elsewhere.locator("main").get_by_label("E-mail").fill(email)
    elsewhere.locator("main").get_by_role("button").last.click()
    steps.open_mail(elsewhere, email, "new password")
    link = steps.link_in_mail(elsewhere, "/account/reset-password")
    elsewhere.goto(link)
    elsewhere.get_by_label("New password").fill(OTHER_PASSWORD)
    elsewhere.get_by_role("button", name="Set the new password").click()
    expect(elsewhere.get_by_text("Your new password is set.")).to_be_visible()

    page.goto("/account")
    expect(page.get_by_text("Please sign in to see this page.")).to_be_visible()
    with watch.expecting(410):
        elsewhere.goto(link)
    steps.sign_in(page, email, OTHER_PASSWORD)


def test_a_sign_in_elsewhere_is_ended_from_the_list(page: Page, browse: Browse) -> None:
    email = steps.fresh_email()
    steps.sign_up(page, email)
    elsewhere = browse()
    steps.sign_in(elsewhere, email)

    page.goto("/account/sessions")
    rows = page.locator("#sessions").get_by_role("listitem")
    expect(rows).to_have_count(2)
    rows.filter(has_not_text="this browser").get_by_role("button", name="Sign out").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("this browser")
    elsewhere.goto("/account")
    expect(elsewhere).to_have_url(re.compile("/account/sign-in"))


def test_an_address_of_the_book_fills_the_checkout(page: Page, watch: Watch) -> None:
    steps.sign_up(page, steps.fresh_email())
    page.goto("/account/addresses")
    page.get_by_role("link", name=re.compile("[Aa]dd an address|New address")).first.click()
    steps.fill_address(page)
    page.get_by_label("Postal code").fill("1")
    save = page.locator("main form[method=post]").last.get_by_role("button").last
    with watch.expecting(422):
        save.click()
        expect(page.get_by_label("Postal code")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Full name")).to_have_value("Ida Larsen")
    page.get_by_label("Postal code").fill("10115")
    save.click()
    expect(page.get_by_text("The address is saved.")).to_be_visible()

    steps.add_simple_product(page, "long-spork")
    page.goto("/checkout")
    expect(page.get_by_label("Street and number").first).to_have_value("Am Hang 3")
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    number = steps.order_number(page)
    page.goto("/account/orders")
    page.get_by_role("link", name=number).click()
    expect(page.get_by_role("heading", level=1, name=f"Order {number}")).to_be_visible()
