"""Conversations as pages show them. A shopper's functions take the identity and see nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storefront.assistant.models import Chatbot, Conversation, Handoff, Message
from storefront.core.db import session
from storefront.core.identity import Identity

LONGEST_HISTORY = 40


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message. ``parts`` are the events shown beside the text (cards, choices), as JSON."""

    id: uuid.UUID
    created_at: datetime
    role: str
    content: str
    status: str
    tool_calls: Sequence[dict[str, Any]]
    tool_results: Sequence[dict[str, Any]]
    citations: Sequence[dict[str, Any]]
    parts: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation with its latest messages, oldest first."""

    id: uuid.UUID
    status: str
    chatbot_id: uuid.UUID
    greeting: str
    messages: Sequence[MessageView]

    @property
    def streaming(self) -> MessageView | None:
        """The answer that is being made, if one is."""
        return next((message for message in self.messages if message.status == "streaming"), None)


@dataclass(frozen=True, slots=True)
class Assistant:
    """A configured assistant; ``tools`` None means every tool."""

    id: uuid.UUID
    name: str
    greeting: str
    instructions: str
    model: str | None
    tools: Sequence[str] | None


def default_assistant() -> Assistant:
    """The assistant that answers on the shop's pages."""
    row = (
        session()
        .execute(
            sa.select(Chatbot.id, Chatbot.name, Chatbot.greeting, Chatbot.model_config).where(
                Chatbot.is_default, Chatbot.is_active
            )
        )
        .one()
    )
    config = row.model_config or {}
    return Assistant(
        row.id,
        row.name,
        row.greeting,
        config.get("system_prompt", ""),
        config.get("model"),
        config.get("tools"),
    )


def belongs_to(identity: Identity) -> sa.ColumnElement[bool]:
    """The condition that a conversation is this person's: the user's, or the guest session's."""
    if identity.user_id is not None:
        return Conversation.user_id == identity.user_id
    if identity.session_id is not None:
        return sa.and_(Conversation.session_id == identity.session_id, Conversation.user_id.is_(None))
    return sa.false()


def current_conversation_id(identity: Identity) -> uuid.UUID | None:
    """The person's latest conversation that has not ended."""
    return session().scalar(
        sa.select(Conversation.id)
        .where(belongs_to(identity), Conversation.ended_at.is_(None))
        .order_by(Conversation.updated_at.desc())
        .limit(1)
    )


def conversation(identity: Identity, conversation_id: uuid.UUID) -> ConversationView | None:
    """One of the person's conversations with its latest messages; None when it is not theirs."""
    row = (
        session()
        .execute(
            sa.select(Conversation.id, Conversation.status, Conversation.chatbot_id, Chatbot.greeting)
            .join(Chatbot, Chatbot.id == Conversation.chatbot_id)
            .where(Conversation.id == conversation_id, belongs_to(identity))
        )
        .one_or_none()
    )
    if row is None:
        return None
    return ConversationView(row.id, row.status, row.chatbot_id, row.greeting, latest_messages(row.id))


def latest_messages(conversation_id: uuid.UUID, limit: int = LONGEST_HISTORY) -> list[MessageView]:
    """The last messages of a conversation, oldest first."""
    rows = session().execute(
        sa.select(
            Message.id,
            Message.created_at,
            Message.role,
            Message.content,
            Message.status,
            Message.tool_calls,
            Message.tool_results,
            Message.citations,
            Message.parts,
        )
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(limit)
    )
    return [MessageView(*row) for row in reversed(rows.all())]


def message(identity: Identity, message_id: uuid.UUID) -> MessageView | None:
    """One message of one of the person's conversations; None when it is not theirs."""
    row = (
        session()
        .execute(
            sa.select(
                Message.id,
                Message.created_at,
                Message.role,
                Message.content,
                Message.status,
                Message.tool_calls,
                Message.tool_results,
                Message.citations,
                Message.parts,
            )
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.id == message_id, belongs_to(identity))
        )
        .one_or_none()
    )
    return None if row is None else MessageView(*row)


@dataclass(frozen=True, slots=True)
class OpenHandoff:
    """A shopper's request for a person that nobody has closed yet."""

    conversation_id: uuid.UUID
    reason: str
    summary: str
    contact_email: str | None
    requested_at: datetime


def open_handoff(conversation_id: uuid.UUID) -> OpenHandoff | None:
    """The open request of this conversation, for staff; None when it is closed meanwhile."""
    row = (
        session()
        .execute(
            sa.select(
                Handoff.conversation_id,
                Handoff.reason,
                Handoff.summary,
                Handoff.contact_email,
                Handoff.requested_at,
            ).where(Handoff.conversation_id == conversation_id, Handoff.closed_at.is_(None))
        )
        .one_or_none()
    )
    return None if row is None else OpenHandoff(*row)
