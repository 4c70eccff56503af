"""Wrong, forged, repeated and lost input gets a clear answer, and nothing is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Browse
from tests.browser.watching import Watch


def _submit_with(page: Page, form: str, **values: str) -> None:
    """Send a form of the page with some fields changed as no person could."""
    page.evaluate(
        """([form, values]) => {
          const element = document.querySelector(form);
          for (const [name, value] of Object.entries(values)) element.elements[name].value = value;
          element.noValidate = true;
          element.requestSubmit();
        }""",
        [form, values],
    )


@pytest.mark.parametrize("quantity", ["0", "1000", "-3", "many"])
def test_a_quantity_that_cannot_be_is_refused_in_words(page: Page, watch: Watch, quantity: str) -> None:
    page.goto("/p/long-spork")
    page.locator("#buy-quantity").evaluate("(field) => { field.type = 'text'; }")
    with watch.expecting(409):
        _submit_with(page, "#buy", quantity=quantity)
        expect(page.get_by_role("alert")).to_contain_text(re.compile("quantity|at most 99"))
    expect(page.get_by_role("alert")).to_be_focused()
    expect(steps.drawer(page)).to_be_hidden()
    expect(steps.cart_badge(page)).to_be_empty()
    expect(page.get_by_role("button", name="Add to cart")).to_be_enabled()


def test_a_product_that_is_not_sold_leaves_the_cart_as_it_was(page: Page, watch: Watch) -> None:
    steps.add_simple_product(page, "nine-knots")
    page.goto("/p/long-spork")
    with watch.expecting(409):
        _submit_with(page, "#buy", product_id="01000000-0000-7000-8000-000000000000")
        expect(page.get_by_role("alert")).to_contain_text("We do not sell this product")
    expect(steps.cart_badge(page)).to_contain_text("1 item")


def test_a_price_in_the_form_is_not_believed(page: Page, watch: Watch) -> None:
    steps.add_simple_product(page, "nine-knots")
    page.goto("/checkout")
    page.get_by_label("E-mail address").fill(steps.fresh_email())
    steps.fill_address(page)
    with watch.expecting(409):
        _submit_with(page, "#checkout", expected_total="0.01")
        expect(page.get_by_text("The total has changed. Nothing was ordered.")).to_be_visible()
    expect(page.get_by_label("Full name").first).to_have_value("Ida Larsen")
    page.get_by_role("button", name="Order and pay €19.90").click()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()


def test_a_forged_form_is_refused(page: Page, watch: Watch) -> None:
    page.goto("/account/sign-in")
    with watch.expecting(400):
        _submit_with(
            page, "form:has([name=password])", csrf_token="forged", email="a@example.com", password="x"
        )
        expect(page.get_by_text("expired")).to_be_visible()


def test_a_checkout_older_than_the_session_keeps_what_was_typed(page: Page, watch: Watch) -> None:
    email = steps.fresh_email()
    steps.sign_up(page, email)
    steps.sign_out(page)
    steps.add_simple_product(page, "nine-knots")
    page.goto("/checkout")
    page.get_by_label("E-mail address").fill(email)
    steps.fill_address(page)
    # In another window of the same browser the person signs in: this form belongs to nobody any more.
    steps.sign_in(page.context.new_page(), email)
    with watch.expecting(400):
        page.get_by_role("button", name=re.compile("^Order and pay")).click()
        expect(page.get_by_text("This form had expired, so nothing was ordered.")).to_be_visible()
    expect(page.get_by_label("Full name").first).to_have_value("Ida Larsen")
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()


def test_a_form_whose_cookie_is_gone_is_not_sent(plain_page: Page, watch: Watch) -> None:
    page = plain_page
    steps.add_simple_product(page, "nine-knots")
    page.goto("/checkout")
    page.context.clear_cookies()
    with watch.expecting(400):
        page.get_by_role("button", name=re.compile("^Order and pay")).click()
        expect(page.get_by_text("This form had expired, so nothing was sent.")).to_be_visible()


def test_a_session_that_has_ended_leads_to_the_sign_in_and_back(page: Page, browse: Browse) -> None:
    email = steps.fresh_email()
    steps.sign_up(page, email)
    page.goto("/account/profile")
    elsewhere = browse()
    steps.sign_in(elsewhere, email)
    elsewhere.goto("/account/sessions")
    elsewhere.get_by_role("button", name="Sign out all other browsers").click()
    elsewhere.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(elsewhere.locator("#sessions").get_by_role("listitem")).to_have_count(1)

    page.get_by_role("link", name="Addresses").click()
    expect(page.get_by_text("Please sign in to see this page.")).to_be_visible()
    page.locator("main").get_by_label("E-mail").fill(email)
    page.locator("main").get_by_label("Password").fill(steps.PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/account/addresses$"))


def test_two_presses_on_the_order_button_make_one_order(page: Page) -> None:
    email = steps.fresh_email()
    steps.add_simple_product(page, "nine-knots")
    page.goto("/checkout")
    page.get_by_label("E-mail address").fill(email)
    steps.fill_address(page)
    page.get_by_role("button", name=re.compile("^Order and pay")).dblclick()
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    number = steps.order_number(page)
    steps.open_mail(page, email, number)
    page.goto("/dev/mail")
    expect(page.get_by_role("row").filter(has_text=email)).to_have_count(1)


def test_the_same_form_sent_from_two_windows_makes_one_order(page: Page) -> None:
    steps.add_simple_product(page, "nine-knots")
    page.goto("/checkout")
    page.get_by_label("E-mail address").fill(steps.fresh_email())
    steps.fill_address(page)
    # What the browser would send, sent twice at once: as from a window that was duplicated.
    answers = page.evaluate(
        """async () => {
          const form = document.getElementById("checkout");
          const send = () => fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
          return (await Promise.all([send(), send()])).map((answer) => answer.url);
        }"""
    )
    assert len(set(answers)) == 1, answers
    assert re.search(r"/orders/[0-9A-Z]{8}/thanks$", answers[0])


def test_an_address_that_leads_nowhere_offers_ways_on(page: Page, watch: Watch) -> None:
    for nowhere in (
        "/nothing/here",
        "/p/no-such-thing",
        "/c/no-such-place",
        "/pages/none",
        "/orders/22222222",
    ):
        with watch.expecting(404):
            page.goto(nowhere)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Back to the home page")).to_be_visible()
    page.locator("main").get_by_role("searchbox").fill("tent")
    page.locator("main").get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("tent")


def test_search_takes_whatever_is_typed(page: Page) -> None:
    page.goto("/")
    for text in (
        "<script>alert(1)</script>",
        "'; DROP TABLE products; --",
        "%",
        "\\",
        "🏕️",
        "a" * 200,
        "tent & | ! :*",
    ):
        steps.search(page, text)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.get_by_label("Search the shop").first.input_value() == text
