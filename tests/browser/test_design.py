"""What the design system promises: themes, menu, drawer, suggestions, filters, focus. Journeys are elsewhere."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Browse


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_the_chosen_theme_is_kept_and_set_before_the_first_paint(browse: Browse) -> None:
    page = browse(dark=True)
    page.goto("/")
    root = page.locator("html")
    expect(root).not_to_have_attribute("data-theme", re.compile("."))
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.goto("/cart")
    expect(root).to_have_attribute("data-theme", "light")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    blocking = page.locator("head script:not([defer])")
    expect(blocking).to_have_attribute("src", re.compile(r"/theme\."))


def test_the_menu_opens_and_closes_without_javascript(browse: Browse) -> None:
    page = browse(javascript=False, width=390)
    page.goto("/")
    menu = page.locator("#menu")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    menu.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/c/"))


def test_the_first_tab_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    assert _focused(page) == "main"


def test_the_drawer_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    page.goto("/")
    opener = page.locator(".tool-link--cart")
    opener.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Your cart")
    expect(drawer).to_be_visible()
    expect(drawer.get_by_text("Your cart is empty")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_drawer_closes_beside_it(page: Page) -> None:
    page.goto("/")
    page.locator(".tool-link--cart").click()
    drawer = page.get_by_role("dialog", name="Your cart")
    expect(drawer).to_be_visible()
    page.mouse.click(40, 400)
    expect(drawer).to_be_hidden()


def test_suggestions_are_walked_with_the_keyboard(page: Page) -> None:
    page.goto("/")
    field = page.get_by_role("combobox", name="Search the shop")
    field.focus()
    page.keyboard.type("tent", delay=30)
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#live")).to_contain_text("Suggestions:")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    page.keyboard.press("ArrowUp")
    expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("tent")
    page.keyboard.press("ArrowDown")
    target = str(options.first.get_attribute("href"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(target) + "$"))


def test_suggestions_come_in_one_answer_when_somebody_pauses(page: Page) -> None:
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: "/suggest" in request.url and asked.append(request.url))
    field = page.get_by_role("combobox", name="Search the shop")
    field.focus()
    page.keyboard.type("tent", delay=10)
    expect(page.get_by_role("option").first).to_be_visible()
    assert [url.rpartition("?")[2] for url in asked] == ["q=tent"]
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("option").last).to_contain_text("Search for “tent”")
    page.keyboard.press("ArrowDown")
    expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("Tab")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_focused()


def test_an_answer_that_is_late_shows_nothing(page: Page) -> None:
    held: list[Route] = []
    page.route("**/search/suggest?q=t*", lambda route: held.append(route))
    page.goto("/")
    field = page.get_by_role("combobox", name="Search the shop")
    field.focus()
    with page.expect_request("**/search/suggest?q=tent"):
        page.keyboard.type("tent", delay=10)
    page.keyboard.type("p")
    with page.expect_response("**/search/suggest?q=tent"):
        held[0].continue_()
        page.keyboard.type("oles for two in the rain", delay=40)  # no pause: nothing new is asked meanwhile
    assert page.get_by_role("option").count() == 0
    with page.expect_response("**/search/suggest?q="):
        field.fill("")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(field).to_have_attribute("aria-expanded", "false")


def test_a_filter_keeps_the_focus_and_goes_into_the_address_without_empty_fields(page: Page) -> None:
    page.goto("/search?q=tent")
    box = page.locator("#facets input[type=checkbox]").first
    box.focus()
    identity = str(box.get_attribute("id"))
    page.keyboard.press("Space")
    expect(page.locator(".applied .filter-chip")).to_have_count(1)
    assert _focused(page) == identity
    assert "price_min" not in page.url
    assert "q=tent" in page.url


def test_the_phones_filter_sheet_stays_open_while_choosing(browse: Browse) -> None:
    page = browse(width=390)
    page.goto("/search?q=tent")
    sheet = page.locator("#facets-panel")
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(sheet).to_be_visible()
    sheet.locator("input[type=checkbox]").first.check()
    expect(page.locator(".applied .filter-chip")).to_have_count(1)
    expect(sheet).to_be_visible()
    sheet.locator(".facets__close").click()
    expect(sheet).to_be_hidden()


def test_a_form_under_way_is_not_sent_twice(page: Page) -> None:
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: request.is_navigation_request() and asked.append(request.url))
    page.get_by_role("combobox", name="Search the shop").fill("stove")
    with page.expect_navigation():
        states = page.evaluate(
            """() => {
              const form = document.querySelector(".site-search__form");
              const button = form.querySelector("button");
              form.requestSubmit(button);
              const state = button.getAttribute("aria-disabled");
              form.requestSubmit(button);
              return [state, form.dataset.busy];
            }"""
        )
    assert states == ["true", ""]
    assert [url.rpartition("/")[2] for url in asked] == ["search?q=stove"]


def test_no_page_is_wider_than_the_phone(browse: Browse) -> None:
    page = browse(width=320)
    long_choice = "/search?q=tent&spec.Fits=" + "C5100n/" * 8
    for address in ("/", "/search?q=tent", long_choice, "/cart", "/account/sign-in", "/pages/shipping"):
        page.goto(address)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, address
