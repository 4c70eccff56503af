"""Conversations change here: a message comes in, an answer is finished, a guest becomes a user."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storefront.assistant import queries
from storefront.assistant.errors import AnswerInProgress, ConversationClosed, EmptyMessage, MessageTooLong
from storefront.assistant.models import Conversation, Handoff, Message
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue

_TITLE_CHARACTERS = 80
ABANDONED_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A stored message and the empty answer to it, which a generator will fill."""

    conversation_id: uuid.UUID
    message_id: uuid.UUID
    answer_id: uuid.UUID
    answer_created_at: datetime


@dataclass(frozen=True, slots=True)
class FinishedAnswer:
    """Everything an answer consisted of, for its row. Times in milliseconds, counts in tokens."""

    status: str
    content: str
    tool_calls: list[dict[str, Any]]
    tool_results: list[dict[str, Any]]
    citations: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    tokens_in: int
    tokens_out: int
    model: str | None
    latency_ms: int
    first_token_ms: int | None
    intent: str | None = None


def open_conversation(identity: Identity, channel: str = "widget") -> uuid.UUID:
    """The person's running conversation, or a new one with the default assistant."""
    with transaction():
        running = queries.current_conversation_id(identity)
        return running or start_conversation(identity, channel)


def start_conversation(identity: Identity, channel: str = "widget") -> uuid.UUID:
    """A new conversation; the person's others stay as they are. The identity needs a session or a user."""
    with transaction():
        conversation_id = new_id()
        session().execute(
            sa.insert(Conversation).values(
                id=conversation_id,
                chatbot_id=queries.default_assistant().id,
                user_id=identity.user_id,
                session_id=identity.session_id,
                channel=channel,
            )
        )
        return conversation_id


def start_afresh(identity: Identity, channel: str = "widget") -> uuid.UUID:
    """A conversation without messages: the running one where nothing was said in it yet, else a new one."""
    with transaction():
        running = queries.current_conversation_id(identity)
        if running is not None and not queries.latest_messages(running, limit=1):
            return running
        return start_conversation(identity, channel)


def receive_message(identity: Identity, conversation_id: uuid.UUID, text: str, *, longest: int) -> Exchange:
    """Store the shopper's message and an empty answer in the state ``streaming``.

    Raises EmptyMessage, MessageTooLong (``longest`` in characters), NotFound for somebody else's
    conversation, ConversationClosed, AnswerInProgress.
    """
    text = text.replace("\x00", "").strip()
    if not text:
        raise EmptyMessage
    if len(text) > longest:
        raise MessageTooLong(len(text), longest)
    with transaction():
        conversation = (
            session()
            .execute(
                sa.select(Conversation.title, Conversation.ended_at)
                .where(Conversation.id == conversation_id, queries.belongs_to(identity))
                .with_for_update()
            )
            .one_or_none()
        )
        if conversation is None:
            raise NotFound("conversation", str(conversation_id))
        if conversation.ended_at is not None:
            raise ConversationClosed
        _refuse_while_answering(conversation_id)
        exchange = _store(conversation_id, text)
        write(
            sa.update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(title=conversation.title or text[:_TITLE_CHARACTERS], updated_at=now())
        )
    return exchange


def _refuse_while_answering(conversation_id: uuid.UUID) -> None:
    running = session().scalar(
        sa.select(Message.id).where(
            Message.conversation_id == conversation_id,
            Message.status == "streaming",
            Message.created_at > now() - ABANDONED_AFTER,
        )
    )
    if running is not None:
        raise AnswerInProgress(str(running))


def _store(conversation_id: uuid.UUID, text: str) -> Exchange:
    written = now()
    # The answer is later than its question by the clock, too: history is ordered by time.
    answered = written + timedelta(microseconds=1)
    exchange = Exchange(conversation_id, new_id(), new_id(), answered)
    session().execute(
        sa.insert(Message),
        [
            {
                "id": exchange.message_id,
                "conversation_id": conversation_id,
                "role": "user",
                "content": text,
                "status": "complete",
                "created_at": written,
            },
            {
                "id": exchange.answer_id,
                "conversation_id": conversation_id,
                "role": "assistant",
                "content": "",
                "status": "streaming",
                "created_at": answered,
            },
        ],
    )
    return exchange


def finish_answer(answer_id: uuid.UUID, created_at: datetime, answer: FinishedAnswer) -> bool:
    """Write the answer once; False when it was finished already (stopped, or closed as abandoned)."""
    with transaction():
        changed = write(
            sa.update(Message)
            .where(Message.id == answer_id, Message.created_at == created_at, Message.status == "streaming")
            .values(
                status=answer.status,
                content=answer.content,
                tool_calls=answer.tool_calls,
                tool_results=answer.tool_results,
                citations=answer.citations,
                parts=answer.parts,
                tokens_in=answer.tokens_in,
                tokens_out=answer.tokens_out,
                model=answer.model,
                latency_ms=answer.latency_ms,
                first_token_ms=answer.first_token_ms,
                intent=answer.intent,
            )
        )
        return bool(changed)


def close_abandoned_answers() -> int:
    """Mark answers as failed whose generator has died: nothing may stay ``streaming``. Returns how many."""
    with transaction():
        return write(
            sa.update(Message)
            .where(Message.status == "streaming", Message.created_at < now() - ABANDONED_AFTER)
            .values(status="failed")
        )


def adopt_conversations(session_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """At sign-in the guest's conversations become the user's. Returns how many."""
    with transaction():
        return write(
            sa.update(Conversation)
            .where(Conversation.session_id == session_id, Conversation.user_id.is_(None))
            .values(user_id=user_id)
        )


def request_handoff(
    identity: Identity,
    conversation_id: uuid.UUID,
    *,
    reason: str,
    summary: str,
    contact_email: str | None = None,
) -> uuid.UUID:
    """Ask for a person: stored once per conversation, and staff get mail. Returns the request's id.

    A request that is still open is returned instead of made twice. Raises NotFound for somebody else's
    conversation.
    """
    with transaction():
        owned = session().scalar(
            sa.select(Conversation.id)
            .where(Conversation.id == conversation_id, queries.belongs_to(identity))
            .with_for_update()
        )
        if owned is None:
            raise NotFound("conversation", str(conversation_id))
        waiting = session().scalar(
            sa.select(Handoff.id).where(
                Handoff.conversation_id == conversation_id, Handoff.closed_at.is_(None)
            )
        )
        if waiting is not None:
            return waiting
        handoff_id = new_id()
        session().execute(
            sa.insert(Handoff).values(
                id=handoff_id,
                conversation_id=conversation_id,
                reason=reason,
                summary=summary[:2_000],
                contact_email=contact_email,
            )
        )
        write(
            sa.update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(status="waiting_for_staff")
        )
        enqueue("mail.handoff_requested", conversation_id=str(conversation_id))
        return handoff_id
