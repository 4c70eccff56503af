"""Streams hold a connection each while they wait: never so many that the shop has none left for pages."""

from __future__ import annotations

import pytest

from storefront.assistant.events import Done, TextDelta
from storefront.http import answering
from tests.serving import LiveServer
from tests.web.chat_talks import Talk, begin_talk, cookie_of
from tests.web.sse import Stream

_PLACES = 4  # half of the connections that a web process serves here


@pytest.fixture
def talk(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """An answer that has begun and goes on."""
    monkeypatch.setattr(answering, "WAIT_SECONDS", 0.2)
    begun = begin_talk(live_server.app)
    begun.take()
    begun.log(TextDelta("one "))
    return begun


def test_who_finds_no_place_gets_what_there_is_and_comes_again(live_server: LiveServer, talk: Talk) -> None:
    url, cookie = live_server.url + talk.stream, cookie_of(talk.browser)
    waiting = [Stream(url, cookie) for _ in range(_PLACES)]
    for stream in waiting:
        assert "one" in stream.take(1)[0].data
    crowded_out = [Stream(url, cookie) for _ in range(3)]
    for stream in crowded_out:
        (seen,) = stream.rest()
        assert (seen.event, "one" in seen.data) == ("part", True)
    talk.finish(TextDelta("one two"))
    last = talk.log(TextDelta("two"), Done("complete", 5))[-1]
    for stream in waiting:
        assert [one.event for one in stream.rest()] == ["part", "done"]
    again = Stream(url, cookie, last_event_id=seen.id).rest()
    assert ([one.event for one in again], again[-1].id) == (["part", "done"], last)


def test_a_place_is_given_back_however_a_stream_ends(live_server: LiveServer, talk: Talk) -> None:
    url, cookie = live_server.url + talk.stream, cookie_of(talk.browser)
    for _ in range(3):
        streams = [Stream(url, cookie) for _ in range(_PLACES)]
        for stream in streams:
            stream.take(1)
        for stream in streams:
            stream.close()
        _wait_for_places(live_server)
    talk.finish(TextDelta("one"))
    talk.log(Done("complete", 5))
    assert Stream(url, cookie).rest()[-1].event == "done"
    _wait_for_places(live_server)


def _wait_for_places(live_server: LiveServer) -> None:
    """All places are free within a few heartbeats: only a write shows that a browser has gone."""
    places = live_server.app.extensions["waiting_streams"]
    taken = [places.acquire(timeout=10) for _ in range(_PLACES)]
    for was_free in taken:
        if was_free:
            places.release()
    assert all(taken)
