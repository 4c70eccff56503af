"""The talk's pages: with JavaScript and without, with good input and bad."""

from __future__ import annotations

import html
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from storefront.accounts.models import UserSession
from storefront.assistant.events import Card, Choice, TextDelta
from storefront.assistant.models import Conversation, Message, MessageFeedback
from storefront.core.db import session
from storefront.http import answering
from tests.factories.assistant import ask, make_policy, message_row
from tests.factories.buying import guest_with_token, make_product
from tests.web.chat_talks import WHOLE_ANSWER, Talk, begin_talk
from tests.web.paper_browser import HTMX, PaperBrowser, forms_of

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs beside these tests: the page sees that at once and answers by itself."""
    monkeypatch.setattr(answering, "WAIT_SECONDS", 0.1)


@pytest.fixture
def guest(app: Flask) -> PaperBrowser:
    with app.app_context():
        return PaperBrowser(app, guest_with_token()[1])


def write(browser: PaperBrowser, text: str) -> TestResponse:
    """Type a message on the page and send it, without JavaScript."""
    return browser.submit(compose_form(browser.get("/chat")), message=text)


def compose_form(page: TestResponse):  # type: ignore[no-untyped-def]
    (form,) = [form for form in forms_of(page) if "message" in form.values]
    return form


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return session().scalar(sa.select(sa.func.count()).select_from(model)) or 0


def bubbles(page: TestResponse) -> list[str]:
    """The text of each message on the page, tags taken out."""
    found = re.findall(
        r'<div id="m[^"]*" class="bubble[^>]*>.*?<div class="bubble__body">(.*?)</div>', page.text, re.S
    )
    return [html.unescape(re.sub(r"<[^>]+>", "", one)).strip() for one in found]


# -- looking --------------------------------------------------------------------------------------------------


def test_every_page_has_a_launcher_that_is_a_link(app: Flask) -> None:
    home = PaperBrowser(app).get("/")
    assert re.search(r'<a class="chat-launcher"[^>]*href="/chat"', home.text)
    assert 'role="dialog"' in home.text
    assert "Set-Cookie" not in home.headers, "a page that only shows the launcher needs no cookie"


def test_looking_costs_a_newcomer_no_session(app: Flask) -> None:
    browser = PaperBrowser(app)
    page = browser.get("/chat")
    assert page.status_code == 200
    assert browser.ask("/chat/panel").status_code == 200
    assert (count(app, UserSession), count(app, Conversation)) == (0, 0)
    assert 'role="log"' in page.text
    assert "How do I return something?" in page.text


def test_the_panel_is_a_fragment_and_a_redirect_for_others(app: Flask) -> None:
    browser = PaperBrowser(app)
    fragment = browser.ask("/chat/panel")
    assert fragment.text.lstrip().startswith('<div class="chat-talk"')
    assert browser.get("/chat/panel").headers["Location"] == "/chat"


def test_the_page_asks_the_database_little(app: Flask, assert_queries: AssertQueries) -> None:
    talk = begin_talk(app)
    talk.make(*WHOLE_ANSWER)
    talk.browser.get("/chat")
    # The visitor, the categories of the header, the conversation's id, itself, its messages, their thumbs.
    with assert_queries(6):
        talk.browser.get("/chat")
    with assert_queries(5):
        talk.browser.ask("/chat/panel")


# -- talking without JavaScript -------------------------------------------------------------------------------


def test_a_message_and_its_answer_without_javascript(app: Flask) -> None:
    with app.app_context():
        make_product("Copper kettle", "39.00", sku="KET-1")
    browser = PaperBrowser(app)
    sent = write(browser, "show me a kettle")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/chat#latest")
    page = browser.follow(sent)
    assert bubbles(page) == ["show me a kettle"]
    assert "Copper kettle" in page.text
    assert 'id="latest"' in page.text
    assert "data-stream" not in page.text


def test_a_card_is_added_by_a_plain_form(app: Flask) -> None:
    with app.app_context():
        make_product("Copper kettle", "39.00", sku="KET-1")
    browser = PaperBrowser(app)
    page = browser.follow(write(browser, "show me a kettle"))
    added = browser.submit(browser.form(page, "/cart/lines"))
    assert added.status_code == 303
    assert "Copper kettle" in browser.follow(added).text


def test_a_product_with_variants_links_to_its_page(app: Flask) -> None:
    talk = begin_talk(app)
    card = Card("JKT", "rain-jacket", "Rain jacket", None, "99.00", "119.00", "EUR", None, True, True)
    talk.make(TextDelta("Here."), card)
    page = talk.browser.get("/chat")
    assert re.search(r'<a class="button[^>]*href="/p/rain-jacket">Choose', page.text)
    assert not [form for form in forms_of(page) if form.action == "/cart/lines"]


def test_a_choice_is_a_plain_form_whose_buttons_send_its_messages(app: Flask) -> None:
    talk = begin_talk(app)
    options = [{"label": "Night, M", "message": "Add JKT-M to my cart"}]
    talk.make(TextDelta("Which?"), Choice("Which jacket?", options))
    page = talk.browser.get("/chat")
    assert re.search(
        r'<button class="chip-button" type="submit" name="message" value="Add JKT-M to my cart">Night, M<',
        page.text,
    )
    assert 'role="group" aria-label="Which jacket?"' in page.text


def test_an_answer_that_takes_longer_is_said_to_be_on_its_way(app: Flask) -> None:
    talk = begin_talk(app)
    talk.take()
    page = talk.browser.get("/chat")
    assert 'aria-busy="true"' in page.text
    assert f'data-stream="{talk.stream}"' in page.text
    assert '<a href="/chat#latest">' in page.text
    assert [form for form in forms_of(page) if form.action == "/chat/stop"]


def test_in_a_crowd_the_page_does_not_wait_for_the_answer(app: Flask, guest: PaperBrowser) -> None:
    app.extensions["waiting_streams"] = threading.Semaphore(0)
    try:
        page = guest.follow(write(guest, "hello"))
    finally:
        del app.extensions["waiting_streams"]
    assert bubbles(page) == ["hello"]
    assert "See whether the answer is there" in page.text


# -- talking with JavaScript ----------------------------------------------------------------------------------


def test_with_htmx_the_message_comes_back_with_an_answer_to_listen_to(
    app: Flask, guest: PaperBrowser
) -> None:
    sent = guest.ask("/chat/messages", {"message": "hello there", "view": "panel"})
    assert sent.status_code == 200
    assert bubbles(sent) == ["hello there"]
    stream = re.search(r'data-stream="(/chat/stream/[0-9a-f-]{36})"', sent.text)
    assert stream
    assert 'id="chat-running" hx-swap-oob="innerHTML"' in sent.text
    with app.app_context():
        row = session().scalars(sa.select(Message).where(Message.role == "assistant")).one()
        assert (str(row.id), row.status) == (stream.group(1).rpartition("/")[2], "streaming")
        assert session().scalars(sa.select(Conversation.channel)).one() == "widget"


def test_without_redis_the_whole_answer_comes_at_once(
    app: Flask, guest: PaperBrowser, no_redis: None
) -> None:
    sent = guest.ask("/chat/messages", {"message": "hello"})
    assert sent.status_code == 200
    assert "data-stream" not in sent.text
    assert "Tell me what you are looking for" in sent.text
    page = guest.follow(write(guest, "hello again"))
    assert bubbles(page) == ["hello", "hello again"]


# -- what cannot be sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00"])
def test_nothing_is_no_message(app: Flask, guest: PaperBrowser, text: str) -> None:
    refused = guest.ask("/chat/messages", {"message": text})
    assert refused.status_code == 422
    assert refused.headers["HX-Retarget"] == "#chat-problem"
    assert "Please write something first." in refused.text
    assert count(app, Message) == 0


def test_too_long_a_message_is_refused_with_the_limit_and_kept(app: Flask, guest: PaperBrowser) -> None:
    text = "a kettle & " * 400
    fragment = guest.ask("/chat/messages", {"message": text})
    assert fragment.status_code == 422
    assert "4399 characters" in fragment.text
    assert "I can read 4000" in fragment.text
    page = write(guest, text)
    assert page.status_code == 422
    assert "I can read 4000" in page.text
    assert compose_form(page).values["message"] == text
    assert count(app, Message) == 0


def test_two_megabytes_are_refused_with_a_sentence(app: Flask, guest: PaperBrowser) -> None:
    huge = {"message": "x" * 2_000_000}
    fragment = guest.ask("/chat/messages", huge)
    assert fragment.status_code == 413
    assert fragment.headers["HX-Retarget"] == "#chat-problem"
    assert "I can read 4000 characters" in fragment.text
    page = guest.post("/chat/messages", huge)
    assert page.status_code == 413
    assert "I can read 4000 characters" in page.text
    assert count(app, Message) == 0
    assert guest.follow(write(guest, "hello")).status_code == 200


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<b>bold</b> & [x](javascript:1) **stars**"])
def test_html_is_shown_as_it_was_typed(guest: PaperBrowser, text: str) -> None:
    page = guest.follow(write(guest, text))
    assert bubbles(page) == [html.unescape(html.escape(text))] or text in [
        html.unescape(b) for b in bubbles(page)
    ]
    assert html.escape(text, quote=False) in page.text
    assert text not in page.text


def test_one_answer_at_a_time(app: Flask) -> None:
    talk = begin_talk(app)
    talk.take()
    refused = talk.browser.ask("/chat/messages", {"message": "and another"})
    assert refused.status_code == 409
    assert "still answering" in refused.text
    page = talk.browser.post("/chat/messages", {"message": "and another"})
    assert page.status_code == 409
    assert compose_form(page).values["message"] == "and another"


def test_an_expired_form_loses_no_text(guest: PaperBrowser) -> None:
    form = compose_form(guest.get("/chat"))
    refused = guest.client.post(form.action, data={"message": "my long text", "csrf_token": "old"})
    assert refused.status_code == 400
    again = compose_form(refused)
    assert again.values["message"] == "my long text"
    assert guest.submit(again).status_code == 303
    fragment = guest.client.post(form.action, data={"message": "x", "csrf_token": "old"}, headers=HTMX)
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (400, "#chat-problem")


@pytest.fixture
def three_a_minute(app: Flask) -> Iterator[None]:
    configured = app.extensions["settings"]
    app.extensions["settings"] = configured.model_copy(update={"rate_limit_chat": "3/minute"})
    yield
    app.extensions["settings"] = configured


@pytest.mark.usefixtures("three_a_minute")
def test_messages_are_limited_per_visitor(app: Flask, guest: PaperBrowser) -> None:
    for _ in range(3):
        assert write(guest, "hello").status_code == 303
    refused = write(guest, "one more")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "wait a moment" in refused.text
    assert compose_form(refused).values["message"] == "one more"
    with app.app_context():
        other = PaperBrowser(app, guest_with_token()[1])
    assert write(other, "hello").status_code == 303


# -- stopping, starting anew, thumbs --------------------------------------------------------------------------


def test_stopping_closes_an_answer_that_nobody_makes(app: Flask) -> None:
    talk = begin_talk(app)
    talk.take()
    talk.log(TextDelta("Let me think"))
    stopped = talk.browser.submit(talk.browser.form(talk.browser.get("/chat"), "/chat/stop"))
    assert (stopped.status_code, stopped.headers["Location"]) == (303, "/chat#latest")
    page = talk.browser.follow(stopped)
    assert "Let me think" in page.text
    assert "You stopped this answer." in page.text
    with app.app_context():
        assert message_row(talk.exchange.answer_id).status == "stopped"
    assert write(talk.browser, "and now?").status_code == 303


def test_nobody_stops_somebody_elses_answer(app: Flask, guest: PaperBrowser) -> None:
    talk = begin_talk(app)
    talk.take()
    assert guest.ask("/chat/stop", {}).status_code == 204
    with app.app_context():
        assert message_row(talk.exchange.answer_id).status == "streaming"


def test_a_new_conversation_begins_with_the_greeting(app: Flask) -> None:
    talk = begin_talk(app)
    talk.make(TextDelta("Hello."))
    page = talk.browser.follow(
        talk.browser.submit(talk.browser.form(talk.browser.get("/chat"), "/chat/conversations"))
    )
    assert bubbles(page) == []
    assert count(app, Conversation) == 2
    panel = talk.browser.ask("/chat/conversations", {"view": "panel"})
    assert panel.text.lstrip().startswith('<div class="chat-talk"')
    assert count(app, Conversation) == 2, "an empty conversation is as good as a new one"


def test_thumbs_are_kept_changed_and_taken_back(app: Flask) -> None:
    talk = begin_talk(app)
    talk.make(TextDelta("Hello."))
    address = f"/chat/messages/{talk.exchange.answer_id}/rating"

    def stored() -> list[str]:
        with app.app_context():
            return list(session().scalars(sa.select(MessageFeedback.rating)))

    up = talk.browser.ask(address, {"rating": "up"})
    assert re.search(r'name="rating" value="none" aria-pressed="true" aria-label="This helped"', up.text)
    assert stored() == ["up"]
    talk.browser.post(address, {"rating": "down"})
    assert stored() == ["down"]
    assert re.search(
        r'value="none" aria-pressed="true" aria-label="This did not help"', talk.browser.get("/chat").text
    )
    talk.browser.post(address, {"rating": "none"})
    assert stored() == []


def test_thumbs_are_for_ones_own_finished_answers(app: Flask, guest: PaperBrowser) -> None:
    talk = begin_talk(app)
    address = f"/chat/messages/{talk.exchange.answer_id}/rating"
    assert talk.browser.ask(address, {"rating": "up"}).status_code == 404, "not finished"
    talk.make(TextDelta("Hello."))
    assert guest.ask(address, {"rating": "up"}).status_code == 404, "not theirs"
    assert talk.browser.ask(f"/chat/messages/{uuid.uuid4()}/rating", {"rating": "up"}).status_code == 404
    assert talk.browser.ask(address, {"rating": "sideways"}).status_code == 409
    assert count(app, MessageFeedback) == 0


# -- whole talks with the built-in assistant ------------------------------------------------------------------


def test_a_hand_over_is_stored_and_said(app: Flask, guest: PaperBrowser) -> None:
    page = guest.follow(write(guest, "I want to talk to a person"))
    assert "A colleague has been asked and answers here." in page.text
    with app.app_context():
        assert session().scalars(sa.select(Conversation.status)).one() == "waiting_for_staff"


def test_a_policy_answer_links_to_its_heading(app: Flask, guest: PaperBrowser) -> None:
    with app.app_context():
        make_policy("Returns", "returns", "## How long\n\nYou may return goods for 30 days.")
    page = guest.follow(write(guest, "How long may I return something?"))
    assert 'href="/pages/returns#how-long"' in page.text


def test_a_conversation_is_seen_by_its_owner_alone(app: Flask, guest: PaperBrowser) -> None:
    talk = begin_talk(app, "my secret wish")
    talk.make(TextDelta("Nobody knows."))
    assert "my secret wish" in talk.browser.get("/chat").text
    for browser in (guest, PaperBrowser(app)):
        page = browser.get("/chat").text
        assert "secret wish" not in page
        assert "Nobody knows" not in page


def test_a_long_talk_shows_its_end(app: Flask) -> None:
    talk = begin_talk(app, "question 0")
    talk.make(TextDelta("answer 0"))
    with app.app_context():
        for number in range(1, 25):
            exchange = ask(talk.identity, f"question {number}")
            Talk(app, talk.identity, talk.browser, exchange).finish(TextDelta(f"answer {number}"))
    shown = bubbles(talk.browser.get("/chat"))
    assert shown[-1] == "question 24"
    assert len(shown) == 20
