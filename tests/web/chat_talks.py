"""A guest with a browser and a question, and answers put into the log by hand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import Flask

from storefront.assistant import event_log
from storefront.assistant.answers import take_assignment
from storefront.assistant.events import (
    Card,
    CartChanged,
    Citation,
    Done,
    Event,
    Failure,
    TextDelta,
    ToolCall,
    ToolResult,
)
from storefront.assistant.loop import AnswerRecord
from storefront.assistant.services import Exchange, finish_answer
from storefront.core.identity import Identity
from storefront.core.redis import redis_client
from tests.factories.assistant import ask
from tests.factories.buying import guest_with_token
from tests.web.paper_browser import PaperBrowser

WHOLE_ANSWER: tuple[Event, ...] = (
    ToolCall("call-1", "search_products", {"query": "kettle"}, "Looking for kettle"),
    ToolResult("call-1", "search_products", True, "1 found", {"total": 1}),
    TextDelta("Here is **one**"),
    TextDelta(", and it is good.\n\nIt whist"),
    TextDelta("les."),
    Card("KET-1", "copper-kettle", "Copper kettle", None, "39.00", None, "EUR", None, True, False),
    Citation("Returns: How long", "/pages/returns#how-long", "30 days"),
    CartChanged(2),
    Failure("timeout", "This is a simpler answer."),
)


@dataclass
class Talk:
    """A question that has been asked, by whom, and in which browser."""

    app: Flask
    identity: Identity
    browser: PaperBrowser
    exchange: Exchange

    @property
    def stream(self) -> str:
        """Where the answer's stream is."""
        return f"/chat/stream/{self.exchange.answer_id}"

    def log(self, *events: Event) -> list[str]:
        """Append events as the worker does; returns their ids."""
        with self.app.app_context():
            return [event_log.append(redis_client(), self.exchange.answer_id, event) for event in events]

    def take(self) -> None:
        """Be the worker that has taken the answer on."""
        with self.app.app_context():
            assert take_assignment(self.exchange.answer_id) is not None

    def finish(self, *events: Event, status: str = "complete") -> None:
        """Write the row as the worker does at the end."""
        record = AnswerRecord()
        for event in events:
            record.add(event)
        with self.app.app_context():
            assert finish_answer(
                self.exchange.answer_id, self.exchange.answer_created_at, record.finished(status)
            )

    def make(self, *events: Event, status: str = "complete") -> list[str]:
        """A whole answer: its events, its row, its end."""
        ids = self.log(*events)
        self.finish(*events, status=status)
        return ids + self.log(Done(status, 12))


def begin_talk(app: Flask, text: str = "a kettle?") -> Talk:
    """A guest asks."""
    with app.app_context():
        identity, token = guest_with_token()
        exchange = ask(identity, text)
    return Talk(app, identity, PaperBrowser(app, token), exchange)


def cookie_of(browser: PaperBrowser) -> str:
    """The browser's cookie, for a connection of one's own."""
    cookie = browser.client.get_cookie("shop_session")
    assert cookie
    return f"shop_session={cookie.value}"


def random_id() -> uuid.UUID:
    """An id that nothing has."""
    return uuid.uuid4()
