"""One answer from its first to its last event.

Runs in the chat worker, in no transaction: engines are tried in order, their events go to a sink as they
come, and at the end the message's row is written once. A reader that drops does not matter here.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from storefront.assistant import queries, services
from storefront.assistant.engines.protocol import Engine, EngineUnavailable, PastMessage, Turn
from storefront.assistant.events import (
    Card,
    CartChanged,
    Choice,
    Citation,
    Confirm,
    Done,
    Event,
    Failure,
    HandoffRequested,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from storefront.assistant.hiding import hide_gift_cards, without_gift_cards
from storefront.assistant.tools.registry import Registry, ToolContext
from storefront.core.db import release
from storefront.core.errors import DomainError
from storefront.core.identity import Identity

log = structlog.get_logger(__name__)

Sink = Callable[[Event], None]
_FLUSH_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which answer to make, and for whom; ``address`` is where their session was begun, where that is known."""

    conversation_id: uuid.UUID
    answer_id: uuid.UUID
    answer_created_at: datetime
    identity: Identity
    address: str = ""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What answering needs: engines in order of preference, tools, how errors are worded, who may stop it.

    The sentences for people: ``unavailable_message`` before another engine takes over, ``failed_message`` where
    none could answer, ``broken_off_message`` where something was done already and is not to be done twice.
    """

    engines: Sequence[Engine]
    tools: Registry
    currency: str
    explain: Callable[[DomainError], str]
    is_stopped: Callable[[], bool]
    unavailable_message: str
    failed_message: str
    broken_off_message: str


@dataclass(slots=True)
class AnswerRecord:
    """What was said and done so far; becomes the message's row."""

    started: float = field(default_factory=time.monotonic)
    first_token: float | None = None
    text: list[str] = field(default_factory=list)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    tool_results: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage | None = None

    def add(self, event: Event) -> None:
        """Note one event, in the order in which they come."""
        if self.first_token is None and isinstance(event, TextDelta):
            self.first_token = time.monotonic()
        match event:
            case TextDelta():
                self.text.append(event.text)
            case ToolCall():
                self.tool_calls.append(event.to_json())
            case ToolResult():
                self.tool_results.append(event.to_json())
            case Citation():
                self.citations.append(event.to_json())
            case Card() | Choice() | Confirm() | Failure():
                self.parts.append(event.to_json())
            case Usage():
                self.usage = event

    @property
    def milliseconds(self) -> int:
        """Since the answer was begun."""
        return round((time.monotonic() - self.started) * 1000)

    def finished(self, status: str) -> services.FinishedAnswer:
        """Everything noted so far, for the row."""
        first = None if self.first_token is None else round((self.first_token - self.started) * 1000)
        return services.FinishedAnswer(
            status=status,
            content=without_gift_cards("".join(self.text).strip()),
            tool_calls=self.tool_calls,
            tool_results=self.tool_results,
            citations=self.citations,
            parts=self.parts,
            tokens_in=self.usage.tokens_in if self.usage else 0,
            tokens_out=self.usage.tokens_out if self.usage else 0,
            model=self.usage.model if self.usage else None,
            latency_ms=self.milliseconds,
            first_token_ms=first,
        )


def make_answer(assignment: Assignment, workshop: Workshop, sink: Sink) -> str:
    """Answer, tell ``sink`` every event, write the row; returns the final status.

    Whatever goes wrong, the row leaves the state ``streaming`` and the sink gets a ``Done``.
    """
    record = AnswerRecord()
    status = "failed"
    try:
        turn = _turn(assignment, workshop)
        hide_gift_cards(assignment.conversation_id, turn.text)
        for event in coalesced(_events(turn, workshop)):
            record.add(event)
            sink(event)
            if workshop.is_stopped():
                break
        status = "stopped" if workshop.is_stopped() else "complete"
    except Exception:  # whatever it was, the shopper gets an answer that ends
        log.exception("answer_failed", answer=str(assignment.answer_id))
        failure = Failure("failed", workshop.failed_message)
        record.add(failure)
        sink(failure)
    finally:
        try:
            release()
            services.finish_answer(
                assignment.answer_id, assignment.answer_created_at, record.finished(status)
            )
        finally:
            sink(Done(status, record.milliseconds))
    return status


def _turn(assignment: Assignment, workshop: Workshop) -> Turn:
    assistant = queries.default_assistant()
    messages = [
        message
        for message in queries.latest_messages(assignment.conversation_id)
        if message.id != assignment.answer_id and message.created_at < assignment.answer_created_at
    ]
    release()
    question = messages.pop() if messages else None
    return Turn(
        text=question.content if question else "",
        history=[PastMessage(message.role, message.content, message.parts) for message in messages],
        tools=workshop.tools.only(assistant.tools),
        context=ToolContext(
            assignment.identity,
            assignment.conversation_id,
            workshop.currency,
            workshop.explain,
            assignment.address,
        ),
        instructions=assistant.instructions,
        is_signed_in=assignment.identity.user_id is not None,
        is_stopped=workshop.is_stopped,
    )


def _events(turn: Turn, workshop: Workshop) -> Iterator[Event]:
    """The first engine's events; where it cannot go on, a calm word and the next one's.

    An engine that has changed something is not followed by another, which would do the same once more.
    """
    last = len(workshop.engines) - 1
    for position, engine in enumerate(workshop.engines):
        has_spoken = has_acted = False
        try:
            for event in engine.answer(turn):
                has_spoken = has_spoken or isinstance(event, TextDelta)
                has_acted = has_acted or isinstance(event, CartChanged | HandoffRequested)
                yield event
            return
        except EngineUnavailable as reason:
            log.warning("engine_unavailable", engine=type(engine).__name__, code=reason.code)
            if has_acted:
                yield Failure(reason.code, workshop.broken_off_message)
                return
            if position == last:
                yield Failure(reason.code, workshop.failed_message)
                return
            yield Failure(reason.code, workshop.unavailable_message)
            if has_spoken:
                yield TextDelta("\n\n")


def coalesced(events: Iterator[Event], clock: Callable[[], float] = time.monotonic) -> Iterator[Event]:
    """The same events with text joined to about five pieces a second; the first piece goes out at once.

    A piece waits for the next event, never on a timer: a model that pauses has its words out within one event.
    """
    waiting: list[str] = []
    sent_at = float("-inf")
    for event in events:
        if isinstance(event, TextDelta):
            waiting.append(event.text)
            if clock() - sent_at >= _FLUSH_SECONDS:
                yield TextDelta("".join(waiting))
                waiting, sent_at = [], clock()
            continue
        if waiting:
            yield TextDelta("".join(waiting))
            waiting, sent_at = [], clock()
        yield event
    if waiting:
        yield TextDelta("".join(waiting))
