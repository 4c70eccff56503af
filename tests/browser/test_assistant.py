"""Talking to the assistant in the panel on a page, and at /chat without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from storefront.assistant.events import TextDelta
from tests.browser import steps
from tests.browser.cable import Cable
from tests.browser.conftest import Browse
from tests.browser.watching import Watch
from tests.serving import LiveServer
from tests.web.chat_talks import begin_talk, cookie_of


def open_panel(page: Page) -> Locator:
    """The panel, its talk loaded."""
    page.get_by_role("button", name="Ask us").or_(page.get_by_role("link", name="Ask us")).first.click()
    panel = page.get_by_role("dialog", name=re.compile("^Ask "))
    expect(panel.get_by_role("textbox", name="Your message")).to_be_focused()
    return panel


def say(talk: Locator | Page, text: str) -> None:
    """Type a message and send it with Enter."""
    field = talk.get_by_role("textbox", name="Your message")
    field.fill(text)
    field.press("Enter")


def answers(talk: Locator | Page) -> Locator:
    """Finished answers, the greeting first."""
    return talk.get_by_role("log").locator(".bubble--assistant")


def test_a_gift_from_the_panel_into_the_cart_and_to_an_order(page: Page) -> None:
    email = steps.fresh_email()
    page.goto("/")
    panel = open_panel(page)
    say(panel, "A gift idea under 50")
    expect(answers(panel)).to_have_count(2)
    answer = answers(panel).last
    expect(answer.locator(".chat-step")).not_to_have_count(0)
    expect(panel.get_by_role("textbox", name="Your message")).to_be_focused()

    # What is suggested fits the wish, and one press brings it into the cart.
    card = (
        answer.get_by_role("article")
        .filter(has=page.get_by_role("button", name=re.compile("^Add to cart")))
        .first
    )
    name = str(card.get_by_role("link").last.text_content())
    price = re.search(r"€(\d+)", card.inner_text())
    assert price
    assert int(price.group(1)) <= 50
    card.get_by_role("button", name=re.compile("^Add to cart")).click()
    expect(steps.cart_badge(page)).to_contain_text("1 item")
    expect(answer.get_by_role("button", name=re.compile(rf"^Added\s*: {name}"))).to_be_visible()
    expect(page.locator("#live")).to_contain_text(name)

    # It keeps out of the way of the order, and is as it was on the page after that.
    page.goto("/checkout")
    expect(page.get_by_role("link", name="Ask us")).to_be_visible()
    number = steps.place_order_as_guest(page, email)
    panel = page.get_by_role("dialog", name=re.compile("^Ask "))
    expect(answers(panel)).to_have_count(2)
    say(panel, f"Where is my order {number}?")
    expect(answers(panel)).to_have_count(3)
    expect(answers(panel).last).to_contain_text(number)


def test_policies_are_cited_and_the_link_leads_there(page: Page) -> None:
    page.goto("/")
    panel = open_panel(page)
    say(panel, "How do I return something?")
    expect(answers(panel)).to_have_count(2)
    answer = answers(panel).last
    expect(answer).to_contain_text("return label")
    answer.locator("a.citation").first.click()
    expect(page).to_have_url(re.compile("/pages/returns"))


@pytest.fixture
def cable(live_server: LiveServer) -> Iterator[Cable]:
    """The way to a shop in which this test is the assistant's worker: answers take as long as a test needs."""
    with Cable(int(live_server.url.rpartition(":")[2])) as plugged_in:
        yield plugged_in


def test_an_answer_goes_on_after_the_network_was_away_and_stops_when_asked(
    browse: Browse, live_server: LiveServer, cable: Cable, watch: Watch
) -> None:
    talk = begin_talk(live_server.app, "Tell me about kettles")
    talk.take()
    name, _equals, value = cookie_of(talk.browser).partition("=")
    page = browse()
    page.context.add_cookies([{"name": name, "value": value, "url": cable.url}])
    streams: list[str] = []
    page.on("request", lambda request: "/chat/stream/" in request.url and streams.append(request.url))
    page.goto(f"{cable.url}/chat")
    talk.log(TextDelta("A kettle "))
    running = page.locator("#chat-running .bubble__text")
    expect(running).to_have_text("A kettle")

    with watch.network_away():
        cable.pull()
        talk.log(TextDelta("boils "), TextDelta("water."))
        expect(running).to_have_text("A kettle boils water.")
    assert len(streams) > 1, "the connection was not taken up again"

    with page.expect_response(lambda answer: answer.url.endswith("/chat/stop")):
        page.get_by_role("button", name="Stop answering").click()
    expect(answers(page).last).to_contain_text("You stopped this answer.")
    expect(answers(page).last).to_contain_text("A kettle boils water.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.get_by_role("button", name="Stop answering")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()


def test_an_answer_reached_from_another_page_is_whole(page: Page, browse: Browse) -> None:
    page.goto("/chat")
    page.get_by_role("textbox", name="Your message").fill("Show me tents")
    # The message is sent and its page is left at once: the answer is made all the same.
    with page.expect_response(lambda answer: answer.url.endswith("/chat/messages")):
        page.get_by_role("button", name="Send").click()
    page.goto("/chat")
    expect(answers(page)).to_have_count(2)
    expect(answers(page).last.get_by_role("article").first).to_be_visible()
    expect(page.get_by_text("Show me tents")).to_have_count(1)


def test_what_is_typed_is_text_whatever_it_looks_like(page: Page) -> None:
    page.goto("/chat")
    typed = "<img src=x onerror=alert(1)><b>bold</b> & <script>alert(2)</script> tent"
    say(page, typed)
    expect(page.locator(".bubble--shopper").last).to_contain_text(typed)
    expect(answers(page)).to_have_count(2)
    assert page.locator(".bubble img[src=x], .bubble--shopper b, .bubble script").count() == 0
    page.reload()
    expect(page.locator(".bubble--shopper").last).to_contain_text(typed)


def test_a_message_of_two_megabytes_is_refused_and_the_talk_goes_on(page: Page, watch: Watch) -> None:
    page.goto("/chat")
    field = page.get_by_role("textbox", name="Your message")
    field.evaluate("(field) => { field.value = 'tent '.repeat(420000); }")
    with watch.expecting(413):
        field.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="too long").first).to_be_visible()
    expect(page.locator(".is-loading")).to_have_count(0)
    assert len(field.input_value()) > 2_000_000
    field.fill("tent")
    field.press("Enter")
    expect(answers(page)).to_have_count(2)


def test_the_page_without_javascript(plain_page: Page) -> None:
    page = plain_page
    page.goto("/")
    page.get_by_role("link", name="Ask us").click()
    expect(page.get_by_role("heading", level=1, name="Ask us")).to_be_visible()
    page.get_by_role("textbox", name="Your message").fill("A gift idea under 50")
    page.get_by_role("button", name="Send").click()
    answer = answers(page).last
    expect(answer.get_by_role("article").first).to_be_visible()
    card = (
        answer.get_by_role("article")
        .filter(has=page.get_by_role("button", name=re.compile("^Add to cart")))
        .first
    )
    card.get_by_role("button", name=re.compile("^Add to cart")).click()
    expect(page.get_by_role("heading", level=1, name="Your cart")).to_be_visible()
    expect(page.get_by_text("In your cart:")).to_be_visible()

    number = steps.place_order_as_guest(page, steps.fresh_email())
    page.goto("/chat")
    page.get_by_role("textbox", name="Your message").fill(f"Where is my order {number}?")
    page.get_by_role("button", name="Send").click()
    expect(answers(page).last).to_contain_text(number)
