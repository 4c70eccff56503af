"""Conversations and what the assistant knows: chatbots, messages, approvals, hand-overs, training sources."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects.postgresql import CITEXT, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import (
    EMBEDDING_DIMENSIONS,
    EMPTY_LIST,
    EMPTY_OBJECT,
    gin,
    one_of,
)
from storefront.core.db import Base, Created, Identified, Timestamped
from storefront.core.ids import new_id

CONVERSATION_STATUSES = ("open", "waiting_for_staff", "with_staff", "closed")
CHANNELS = ("widget", "page", "cli", "api", "agent")
MESSAGE_ROLES = ("user", "assistant", "system", "tool", "staff")
MESSAGE_STATUSES = ("streaming", "complete", "stopped", "failed")
FEEDBACK_RATINGS = ("up", "down")
CONFIRMATION_OUTCOMES = ("approved", "declined", "failed")
HANDOFF_REASONS = ("asked", "not_understood", "complaint", "not_allowed", "other")
HANDOFF_OUTCOMES = ("solved", "unsolved", "returned_to_assistant", "withdrawn")
SOURCE_TYPES = ("text", "markdown", "url", "file", "policy", "product")
SOURCE_STATUSES = ("pending", "processing", "processed", "failed")


class Chatbot(Identified, Timestamped, Base):
    """A configured assistant. ``model_config`` holds provider, model, temperature, system prompt and tools."""

    __tablename__ = "chatbots"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "name", postgresql_nulls_not_distinct=True),
        sa.Index("ix_chatbots_is_active", "is_active"),
        sa.Index("uq_chatbots_default", "is_default", unique=True, postgresql_where=sa.text("is_default")),
    )

    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    model_config: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default=EMPTY_OBJECT, deferred=True
    )
    greeting: Mapped[str] = mapped_column(default="", server_default="")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    is_default: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class Conversation(Identified, Timestamped, Base):
    """A talk of a user, or of a guest's session. ``visitor`` names the guest to people (never a secret)."""

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("status", CONVERSATION_STATUSES),
        one_of("channel", CHANNELS),
        sa.Index("ix_conversations_user_id_updated_at", "user_id", sa.text("updated_at DESC")),
        sa.Index("ix_conversations_session_id", "session_id"),
        sa.Index("ix_conversations_chatbot_id", "chatbot_id"),
        sa.Index("ix_conversations_created_at", sa.text("created_at DESC")),
        sa.Index("ix_conversations_status_updated_at", "status", sa.text("updated_at DESC")),
        sa.Index("ix_conversations_assigned_to", "assigned_to"),
        gin("ix_conversations_metadata", "metadata"),
    )

    chatbot_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("chatbots.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user_sessions.id", ondelete="SET NULL")
    )
    visitor: Mapped[str | None]
    channel: Mapped[str] = mapped_column(default="widget", server_default="widget")
    title: Mapped[str] = mapped_column(default="", server_default="")
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default=EMPTY_OBJECT)
    ended_at: Mapped[datetime | None]


class Message(Base):
    """One message, in monthly partitions: the key holds ``created_at``.

    The assistant's row is written as ``streaming`` and finished once. ``parts`` keeps what was shown beside
    the text (cards, confirmations) for a later look; times are milliseconds, ``cost`` is in US dollars.
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("role", MESSAGE_ROLES),
        one_of("status", MESSAGE_STATUSES),
        sa.CheckConstraint("tokens_in >= 0 AND tokens_out >= 0 AND cost >= 0", name="usage_not_negative"),
        sa.Index("ix_messages_conversation_id_created_at", "conversation_id", "created_at"),
        sa.Index("ix_messages_role", "role"),
        sa.Index("ix_messages_created_at", "created_at"),
        sa.Index("ix_messages_streaming", "created_at", postgresql_where=sa.text("status = 'streaming'")),
        gin("ix_messages_metadata", "metadata"),
        sa.Index(
            "ix_messages_full_text",
            sa.text("to_tsvector('simple'::regconfig, content)"),
            postgresql_using="gin",
        ),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, server_default=sa.text("gen_random_uuid()")
    )
    conversation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("conversations.id", ondelete="CASCADE"))
    role: Mapped[str]
    content: Mapped[str] = mapped_column(default="", server_default="")
    status: Mapped[str] = mapped_column(default="complete", server_default="complete")
    tool_calls: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    tool_results: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    tokens_in: Mapped[int] = mapped_column(default=0, server_default="0")
    tokens_out: Mapped[int] = mapped_column(default=0, server_default="0")
    cost: Mapped[Decimal] = mapped_column(sa.Numeric(12, 6), default=Decimal(0), server_default="0")
    model: Mapped[str | None]
    latency_ms: Mapped[int | None]
    first_token_ms: Mapped[int | None]
    intent: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default=EMPTY_OBJECT)
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.func.now())


class MessageFeedback(Identified, Timestamped, Base):
    """What the shopper thought of one answer: one row per message."""

    __tablename__ = "message_feedback"
    __table_args__ = (
        one_of("rating", FEEDBACK_RATINGS),
        sa.ForeignKeyConstraint(
            ["message_id", "message_created_at"], ["messages.id", "messages.created_at"], ondelete="CASCADE"
        ),
        sa.UniqueConstraint("message_id", "message_created_at"),
    )

    message_id: Mapped[uuid.UUID]
    message_created_at: Mapped[datetime]
    rating: Mapped[str]
    comment: Mapped[str | None]


class Confirmation(Identified, Created, Base):
    """A one-time approval of one tool call. It lives here, so that an emptied Redis allows no replay."""

    __tablename__ = "confirmations"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, session_id) >= 1", name="somebody_approves"),
        one_of("outcome", CONFIRMATION_OUTCOMES),
        sa.CheckConstraint("(used_at IS NULL) = (outcome IS NULL)", name="used_has_an_outcome"),
        sa.UniqueConstraint("conversation_id", "call_id"),
        sa.Index("ix_confirmations_expires_at", "expires_at"),
        sa.Index("ix_confirmations_user_id", "user_id"),
        sa.Index("ix_confirmations_session_id", "session_id"),
    )

    conversation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("conversations.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user_sessions.id", ondelete="CASCADE")
    )
    tool: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    arguments_hash: Mapped[str]
    call_id: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Handoff(Identified, Created, Base):
    """A request for a person, from the asking to the closing; at most one is open per conversation."""

    __tablename__ = "handoffs"
    __table_args__ = (
        one_of("reason", HANDOFF_REASONS),
        one_of("outcome", HANDOFF_OUTCOMES),
        sa.Index(
            "uq_handoffs_open", "conversation_id", unique=True, postgresql_where=sa.text("closed_at IS NULL")
        ),
        sa.Index("ix_handoffs_conversation_id", "conversation_id"),
        sa.Index("ix_handoffs_assigned_to", "assigned_to"),
        sa.Index(
            "ix_handoffs_contact_email",
            "contact_email",
            postgresql_where=sa.text("contact_email IS NOT NULL"),
        ),
        sa.Index(
            "ix_handoffs_waiting",
            "requested_at",
            postgresql_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
        ),
    )

    conversation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("conversations.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(default="asked", server_default="asked")
    summary: Mapped[str] = mapped_column(default="", server_default="")
    contact_email: Mapped[str | None] = mapped_column(CITEXT)
    requested_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class TrainingSource(Identified, Timestamped, Base):
    """Something the assistant may answer from. ``chatbot_id`` null: every chatbot may. ``url`` is cited."""

    __tablename__ = "training_sources"
    __table_args__ = (
        one_of("source_type", SOURCE_TYPES),
        one_of("status", SOURCE_STATUSES),
        sa.Index("ix_training_sources_chatbot_id", "chatbot_id"),
        sa.Index("ix_training_sources_status", "status"),
        sa.Index(
            "uq_training_sources_url",
            "chatbot_id",
            "url",
            unique=True,
            postgresql_where=sa.text("url IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        gin("ix_training_sources_metadata", "metadata"),
    )

    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("chatbots.id", ondelete="CASCADE"))
    source_type: Mapped[str]
    title: Mapped[str]
    url: Mapped[str | None]
    content: Mapped[str]
    content_hash: Mapped[str]
    processed_hash: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default=EMPTY_OBJECT)
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    error: Mapped[str | None]
    processed_at: Mapped[datetime | None]


class TrainingChunk(Identified, Created, Base):
    """A passage of a source, found by its words (``search_vector``, a trigger) and its meaning (``embedding``)."""

    __tablename__ = "training_chunks"
    __table_args__ = (
        sa.UniqueConstraint("source_id", "chunk_index"),
        sa.CheckConstraint("chunk_index >= 0", name="chunk_index_not_negative"),
        gin("ix_training_chunks_search_vector", "search_vector"),
        gin("ix_training_chunks_metadata", "metadata"),
        sa.Index(
            "ix_training_chunks_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
    )

    source_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("training_sources.id", ondelete="CASCADE"))
    chunk_index: Mapped[int]
    heading: Mapped[str] = mapped_column(default="", server_default="")
    content: Mapped[str]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    search_vector: Mapped[Any | None] = mapped_column(TSVECTOR, deferred=True)
    embedding: Mapped[Any | None] = mapped_column(VECTOR(EMBEDDING_DIMENSIONS), deferred=True)
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default=EMPTY_OBJECT)


class ArchivedConversation(Identified, Base):
    """A conversation that went to rest, with its messages as one document. Erased with its user."""

    __tablename__ = "conversations_archive"
    __table_args__ = (
        sa.Index("ix_conversations_archive_user_id", "user_id"),
        sa.Index("ix_conversations_archive_archived_at", "archived_at"),
    )

    conversation_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    document: Mapped[dict[str, Any]]
    archived_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
