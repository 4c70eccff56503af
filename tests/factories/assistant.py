"""Talks with the assistant: a question asked, an answer made, a document to answer from.

Everything is committed; call it with an application context pushed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from storefront.assistant import services
from storefront.assistant.answers import take_assignment
from storefront.assistant.engines.protocol import Engine
from storefront.assistant.events import Event
from storefront.assistant.knowledge import process_source, save_source
from storefront.assistant.loop import Workshop, make_answer
from storefront.assistant.models import Message
from storefront.assistant.services import Exchange
from storefront.assistant.tools import TOOLS
from storefront.core.db import release, session
from storefront.core.identity import Identity
from storefront.http.wording import explain

UNAVAILABLE = "A simpler answer follows."
FAILED = "Please ask again."
BROKEN_OFF = "What you see above has been done."


def ask(identity: Identity, text: str, conversation_id: uuid.UUID | None = None) -> Exchange:
    """Store a question and its empty answer, in the person's running conversation."""
    conversation_id = conversation_id or services.open_conversation(identity)
    return services.receive_message(identity, conversation_id, text, longest=4_000)


def workshop(*engines: Engine, stopped: Any = lambda: False) -> Workshop:
    """What answering needs, with sentences that a test recognises."""
    return Workshop(
        engines=engines,
        tools=TOOLS,
        currency="EUR",
        explain=explain,
        is_stopped=stopped,
        unavailable_message=UNAVAILABLE,
        failed_message=FAILED,
        broken_off_message=BROKEN_OFF,
    )


@dataclass
class Answer:
    """A made answer: its events and its row."""

    exchange: Exchange
    status: str
    events: list[Event] = field(default_factory=list)

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one class, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def row(self) -> Message:
        """The stored message."""
        return message_row(self.exchange.answer_id)


def answer(identity: Identity, text: str, shop: Workshop, conversation_id: uuid.UUID | None = None) -> Answer:
    """Ask, and have the answer made here and now."""
    exchange = ask(identity, text, conversation_id)
    assignment = take_assignment(exchange.answer_id)
    assert assignment is not None
    events: list[Event] = []
    status = make_answer(assignment, shop, events.append)
    return Answer(exchange, status, events)


def message_row(message_id: uuid.UUID) -> Message:
    """The message as the database has it now."""
    session().expire_all()
    row = session().scalars(sa.select(Message).where(Message.id == message_id)).one()
    session().expunge(row)
    release()
    return row


def make_policy(title: str, slug: str, markdown: str) -> None:
    """A policy page, cut into the passages that answers cite."""
    process_source(save_source("policy", title, markdown, url=f"/pages/{slug}"))


def texts(rows: Sequence[Any]) -> list[str]:
    """The ``message`` of each row, for comparing notices."""
    return [row["message"] for row in rows]
