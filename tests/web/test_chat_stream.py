"""The stream of an answer: from the log, from anywhere in it, to its owner alone."""

from __future__ import annotations

import re
import threading
import time

import pytest
import redis
from flask import Flask

from storefront.assistant.events import Done, Failure, TextDelta, ToolCall, ToolResult
from storefront.core.db import db
from storefront.http import answering
from tests.factories.assistant import message_row
from tests.factories.buying import guest_with_token, make_product
from tests.serving import LiveServer
from tests.web.chat_talks import WHOLE_ANSWER, Talk, begin_talk, cookie_of, random_id
from tests.web.paper_browser import PaperBrowser
from tests.web.sse import Sent, Stream, events


@pytest.fixture
def talk(app: Flask) -> Talk:
    return begin_talk(app)


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent answer is looked after at once instead of after five seconds."""
    monkeypatch.setattr(answering, "WAIT_SECONDS", 0.2)


def read(talk: Talk, after: str = "", how: str = "header") -> list[Sent]:
    headers = {"Last-Event-ID": after} if after and how == "header" else {}
    query = {"after": after} if after and how == "query" else {}
    response = talk.browser.get(talk.stream, headers=headers, query_string=query)
    assert response.status_code == 200
    return events(response.text)


# -- the whole stream -----------------------------------------------------------------------------------------


def test_the_stream_relays_the_log_and_ends_with_the_whole_answer(talk: Talk) -> None:
    ids = talk.make(*WHOLE_ANSWER)
    sent = read(talk)
    assert [one.id for one in sent] == ids
    assert [one.event for one in sent] == ["part"] * len(WHOLE_ANSWER) + ["done"]
    whole = sent[-1].data
    assert "<strong>one</strong>, and it is good." in whole
    assert "It whistles." in whole
    assert "Copper kettle" in whole
    assert 'href="/pages/returns#how-long"' in whole
    assert "Looking for kettle: 1 found" in whole
    assert 'aria-busy="true"' not in whole


def test_no_cache_and_no_proxy_keeps_the_stream(talk: Talk) -> None:
    talk.make(TextDelta("Hi."))
    response = talk.browser.get(talk.stream, headers={"Accept-Encoding": "gzip, br"})
    assert response.mimetype == "text/event-stream"
    assert "Content-Encoding" not in response.headers, "a compressor would hold events back"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.text.startswith("retry: ")


def test_pieces_say_where_they_belong_and_replace_what_they_are_about(talk: Talk) -> None:
    talk.make(*WHOLE_ANSWER)
    sent = read(talk)
    answer = f"a{talk.exchange.answer_id}"
    running, done = sent[0].data, sent[1].data
    assert f'id="{answer}-step-1" data-into="steps"' in running
    assert f'id="{answer}-step-1" data-into="steps"' in done
    assert ('data-state="running"' in running, 'data-state="done"' in done) == (True, True)
    # A block of text is sent again as it grows; the one before it is left alone.
    assert f'id="{answer}-text-0"' in sent[2].data
    assert (f'id="{answer}-text-0"' in sent[3].data, f'id="{answer}-text-1"' in sent[3].data) == (True, True)
    assert (f'id="{answer}-text-0"' in sent[4].data, "It whistles." in sent[4].data) == (False, True)
    assert 'data-into="cards"' in sent[5].data
    assert 'data-count="2"' in sent[7].data
    assert 'data-announce="There are 2 items in your cart."' in sent[7].data


def test_a_question_back_is_no_failed_step_and_equal_ids_are_kept_apart(talk: Talk) -> None:
    talk.make(
        ToolCall("call-1", "add_to_cart", {"sku": "JKT"}, "Putting it into your cart"),
        ToolResult("call-1", "add_to_cart", False, "Which one?", {"error": "choose_variant"}),
        ToolCall("call-1", "find_policy", {"question": "x"}, "Reading the pages"),
        ToolResult("call-1", "find_policy", False, "Nothing there", {"passages": []}),
    )
    *parts, done = read(talk)
    asked, failed = 'data-state="done"', 'data-state="failed"'
    assert [asked in part.data for part in parts] == [False, True, False, False]
    assert [failed in part.data for part in parts] == [False, False, False, True]
    for text in ("Putting it into your cart: Which one?", "Reading the pages: Nothing there"):
        assert text in done.data
    assert (done.data.count(asked), done.data.count(failed)) == (1, 1)


# -- taking it up again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["header", "query"])
def test_from_any_event_on_exactly_the_rest_comes(talk: Talk, how: str) -> None:
    ids = talk.make(*WHOLE_ANSWER)
    whole = read(talk)
    for position, event_id in enumerate(ids[:-1]):
        assert read(talk, event_id, how) == whole[position + 1 :]


def test_the_header_of_a_browser_that_comes_back_wins_over_the_address(talk: Talk) -> None:
    ids = talk.make(*WHOLE_ANSWER)
    response = talk.browser.get(
        talk.stream, headers={"Last-Event-ID": ids[5]}, query_string={"after": ids[1]}
    )
    assert [one.id for one in events(response.text)] == ids[6:]


@pytest.mark.parametrize("after", ["nonsense", "-1", "0-0 OR 1", "9" * 40, "$", "*"])
def test_a_place_that_is_none_means_the_beginning(talk: Talk, after: str) -> None:
    ids = talk.make(*WHOLE_ANSWER)
    assert [one.id for one in read(talk, after)] == ids


@pytest.mark.usefixtures("quick_looks")
def test_after_the_last_event_the_answer_comes_once_more(talk: Talk) -> None:
    ids = talk.make(*WHOLE_ANSWER)
    assert [one.event for one in read(talk, ids[-1])] == ["done"]


def test_a_reader_that_drops_misses_nothing(live_server: LiveServer) -> None:
    talk = begin_talk(live_server.app)
    talk.take()
    url, cookie = live_server.url + talk.stream, cookie_of(talk.browser)
    ids = talk.log(TextDelta("one "), TextDelta("two "))
    first = Stream(url, cookie)
    seen = first.take(2)
    first.close()
    ids += talk.log(TextDelta("three "))  # nobody listens
    second = Stream(url, cookie, last_event_id=seen[-1].id)
    seen += second.take(1)
    ids += talk.log(TextDelta("four"))
    talk.finish(TextDelta("one two three four"))
    ids += talk.log(Done("complete", 5))
    seen += second.rest()
    assert [one.id for one in seen] == ids
    assert "one two three four" in seen[-2].data
    assert "one two three four" in seen[-1].data


def test_two_readers_at_once_see_the_same(live_server: LiveServer) -> None:
    talk = begin_talk(live_server.app)
    talk.take()
    url, cookie = live_server.url + talk.stream, cookie_of(talk.browser)
    readers = [Stream(url, cookie), Stream(url, cookie)]
    talk.log(*WHOLE_ANSWER[:4])
    heads = [reader.take(4) for reader in readers]
    talk.log(*WHOLE_ANSWER[4:])
    talk.finish(*WHOLE_ANSWER)
    talk.log(Done("complete", 5))
    tails = [reader.rest() for reader in readers]
    assert heads[0] + tails[0] == heads[1] + tails[1]
    assert tails[0][-1].event == "done"


def test_an_open_stream_holds_no_database_connection(live_server: LiveServer) -> None:
    talk = begin_talk(live_server.app)
    talk.take()
    talk.log(TextDelta("one"))
    with live_server.app.app_context():
        engines = list(db.engines.values())
    stream = Stream(live_server.url + talk.stream, cookie_of(talk.browser))
    stream.take(1)
    assert [engine.pool.checkedout() for engine in engines] == [0] * len(engines)  # type: ignore[attr-defined]
    talk.make(TextDelta("two"))
    assert stream.rest()[-1].event == "done"


# -- whose it is ----------------------------------------------------------------------------------------------


def test_an_answer_is_streamed_to_its_owner_alone(app: Flask, talk: Talk) -> None:
    talk.make(TextDelta("A secret."))
    with app.app_context():
        stranger = PaperBrowser(app, guest_with_token()[1])
    for browser in (stranger, PaperBrowser(app)):
        refused = browser.get(talk.stream)
        assert refused.status_code == 404
        assert "secret" not in refused.text


def test_only_answers_have_a_stream(talk: Talk) -> None:
    assert talk.browser.get(f"/chat/stream/{talk.exchange.message_id}").status_code == 404
    assert talk.browser.get(f"/chat/stream/{random_id()}").status_code == 404


# -- when something is away -----------------------------------------------------------------------------------


def test_when_the_log_is_gone_the_row_is_the_last_event(talk: Talk, redis_client: redis.Redis) -> None:
    talk.make(*WHOLE_ANSWER)
    whole = read(talk)[-1]
    redis_client.flushdb()
    (only,) = read(talk)
    assert (only.event, only.data, only.id) == ("done", whole.data, "")


@pytest.mark.usefixtures("quick_looks")
def test_when_the_log_lost_its_end_the_row_is_the_last_event(talk: Talk) -> None:
    talk.take()
    ids = talk.log(TextDelta("Half"))
    talk.finish(TextDelta("Half and half"))
    first, last = read(talk)
    assert (first.id, last.event) == (ids[0], "done")
    assert "Half and half" in last.data


def test_when_redis_is_away_the_row_is_the_last_event(app: Flask, talk: Talk, no_redis: None) -> None:
    talk.finish(TextDelta("From the row"))
    (only,) = read(talk)
    assert only.event == "done"
    assert "From the row" in only.data


def test_when_redis_is_away_a_running_answer_is_asked_for_again_later(talk: Talk, no_redis: None) -> None:
    begun = time.monotonic()
    assert read(talk) == []
    assert time.monotonic() - begun < 3
    assert "retry: " in talk.browser.get(talk.stream).text


@pytest.mark.usefixtures("quick_looks")
def test_where_no_worker_comes_the_answer_is_made_here(app: Flask) -> None:
    with app.app_context():
        make_product("Copper kettle", sku="KET-1")
    talk = begin_talk(app, "show me a kettle")
    sent = read(talk)
    assert sent[-1].event == "done"
    assert "Copper kettle" in sent[-1].data
    with app.app_context():
        assert message_row(talk.exchange.answer_id).status == "complete"


@pytest.mark.usefixtures("quick_looks")
def test_an_answer_whose_maker_died_is_closed_calmly(app: Flask, talk: Talk) -> None:
    talk.take()
    talk.log(TextDelta("Let me "))
    configured = app.extensions["settings"]
    app.extensions["settings"] = configured.model_copy(update={"chat_first_token_timeout_seconds": 0.5})
    try:
        text = talk.browser.get(talk.stream).text
    finally:
        app.extensions["settings"] = configured
    assert ": still here" in text
    sent = events(text)
    assert sent[-1].event == "done"
    assert "This answer broke off" in sent[-1].data
    assert "Let me" in sent[-1].data
    with app.app_context():
        row = message_row(talk.exchange.answer_id)
    assert (row.status, row.content) == ("failed", "Let me")
    # A second reader hears the same from the log.
    assert read(talk)[-1].data == sent[-1].data


@pytest.mark.usefixtures("quick_looks")
def test_a_slow_answer_is_waited_for(live_server: LiveServer) -> None:
    talk = begin_talk(live_server.app)
    talk.take()
    stream = Stream(live_server.url + talk.stream, cookie_of(talk.browser))

    def later() -> None:
        talk.make(TextDelta("At last."))

    timer = threading.Timer(1.0, later)
    timer.start()
    sent = stream.rest()
    timer.join()
    assert [one.event for one in sent] == ["part", "done"]


# -- what is streamed is harmless -----------------------------------------------------------------------------


def test_what_a_model_writes_cannot_break_out_of_its_bubble(talk: Talk) -> None:
    evil = (
        "<script>alert(1)</script>\n\nevent: done\ndata: gone\n\n[x](javascript:alert(1)) </div><img src=x>"
    )
    talk.make(TextDelta(evil), Failure("x", "<b>calm</b>"))
    sent = read(talk)
    assert [one.event for one in sent] == ["part", "part", "done"]
    for one in sent:
        assert not re.search(r"<(script|img|b)\b", one.data)
        assert 'href="javascript' not in one.data
