"""The assistant's panel: opened, talked to and closed by keyboard, and heard once by a screen reader."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.browser.watching import Watch

FOCUSED = "document.activeElement.id"
NOTE_WHAT_IS_HEARD = """
window.heard = [];
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.nodeType === 1) window.heard.push(node.classList[1]);
  }
}).observe(document.getElementById("chat-log"), { childList: true, subtree: true });
"""


def open_panel(page: Page) -> None:
    """Open the panel by keyboard, as the launcher is reached with Tab."""
    page.locator("#chat-launcher").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chat-text")).to_be_focused()


def ask(page: Page, text: str) -> None:
    """Type a message, send it with Enter, wait for the answer."""
    answers = page.locator("#chat-log > .bubble--assistant")
    before = answers.count()
    page.locator("#chat-text").fill(text)
    page.keyboard.press("Enter")
    expect(answers).to_have_count(before + 1)


def test_the_keyboard_opens_and_closes_the_panel(page: Page) -> None:
    page.goto("/")
    launcher, panel = page.locator("#chat-launcher"), page.locator("#chat-panel")
    expect(panel).to_be_hidden()
    open_panel(page)
    expect(panel).to_be_visible()
    expect(launcher).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(launcher).to_be_focused()
    expect(launcher).to_have_attribute("aria-expanded", "false")


def test_an_answer_enters_the_log_once_and_whole(page: Page) -> None:
    page.goto("/")
    open_panel(page)
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    page.evaluate(NOTE_WHAT_IS_HEARD)
    ask(page, "a gift under 50")
    assert page.evaluate("window.heard") == ["bubble--shopper", "bubble--assistant"]
    expect(page.locator("#chat-log [aria-busy]")).to_have_count(0)
    expect(page.locator("#chat-text")).to_be_focused()
    expect(page.locator("#chat-text")).to_have_value("")


def test_the_panel_stays_open_from_page_to_page_with_the_talk_in_it(page: Page) -> None:
    page.goto("/")
    open_panel(page)
    ask(page, "hello")
    page.goto("/pages/shipping")
    expect(page.locator("#chat-log .bubble--shopper")).to_have_text("You:hello")
    assert page.evaluate(FOCUSED) == "", "a panel that opens by itself takes no focus"
    page.locator("#chat-close").click()
    page.goto("/")
    expect(page.locator("#chat-panel")).to_be_hidden()


def test_on_a_phone_a_followed_link_shows_its_page(browse: Browse) -> None:
    page = browse(width=390, height=844)
    page.goto("/")
    open_panel(page)
    ask(page, "a gift under 50")
    page.locator(".chat-product__name a").first.click()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#chat-panel")).to_be_hidden()


def test_a_question_about_the_variant_is_answered_by_a_button_and_fills_the_badge(page: Page) -> None:
    page.goto("/")
    open_panel(page)
    ask(page, "a gift under 50")
    ask(page, "add the first one to my cart")
    answers = page.locator("#chat-log > .bubble--assistant")
    choices = answers.last.locator(".chat-choice button")
    if choices.count():
        count = answers.count()
        choices.first.click()
        expect(answers).to_have_count(count + 1)
    expect(page.locator("#cart-count")).to_have_attribute("data-count", "1")


def test_a_refused_message_stays_where_it_was_typed(page: Page, watch: Watch) -> None:
    page.goto("/")
    open_panel(page)
    text = "x" * 4_100
    with watch.expecting(422):
        page.locator("#chat-text").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator("#chat-problem")).to_contain_text("4000")
    expect(page.locator("#chat-text")).to_have_value(text)
    ask(page, "hello")
    expect(page.locator("#chat-problem")).to_be_hidden()


def test_a_thumb_keeps_the_focus(page: Page) -> None:
    page.goto("/chat")
    ask(page, "hello")
    thumb = page.locator("#chat-log [aria-label='This helped']")
    thumb.focus()
    page.keyboard.press("Enter")
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(thumb).to_be_focused()


def test_a_new_conversation_begins_with_suggestions(page: Page) -> None:
    page.goto("/")
    open_panel(page)
    ask(page, "hello")
    expect(page.locator(".chat-suggestions")).to_have_count(0)
    page.locator("#chat-new").click()
    expect(page.locator(".bubble--shopper")).to_have_count(0)
    expect(page.locator("#chat-text")).to_be_focused()
    page.locator(".chat-suggestions button").first.click()
    expect(page.locator("#chat-log > .bubble--assistant")).to_have_count(2)


def test_the_talk_without_javascript(plain_page: Page) -> None:
    plain_page.goto("/")
    plain_page.locator("#chat-launcher").click()
    plain_page.locator("#chat-text").fill("a gift under 50")
    plain_page.locator("#chat-send").click()
    assert plain_page.url.endswith("/chat#latest")
    expect(plain_page.locator(".chat-product").first).to_be_visible()
    expect(plain_page.locator("[data-stream]")).to_have_count(0)
