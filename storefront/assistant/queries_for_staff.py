"""Conversations as staff see them: everybody's, those that wait for a person first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.assistant.models import CONVERSATION_STATUSES, Conversation, Handoff, Message
from storefront.assistant.queries import MessageView, latest_messages
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.pagination import Page

PER_PAGE = 50
_LONGEST_TRANSCRIPT = 500


@dataclass(frozen=True, slots=True)
class StaffConversation:
    """A conversation in the staff list; ``email`` is None for a guest, ``waiting_since`` for an open hand-over."""

    id: uuid.UUID
    title: str
    status: str
    email: str | None
    messages: int
    waiting_since: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation with all its messages and its hand-over request, if there is one."""

    conversation: StaffConversation
    messages: Sequence[MessageView]
    handoff_reason: str | None
    handoff_summary: str | None
    contact_email: str | None


def _listed() -> sa.Select[tuple[uuid.UUID, str, str, str | None, int, datetime | None, datetime]]:
    counted = (
        sa.select(sa.func.count())
        .select_from(Message)
        .where(Message.conversation_id == Conversation.id)
        .scalar_subquery()
    )
    waiting = (
        sa.select(sa.func.min(Handoff.requested_at))
        .where(Handoff.conversation_id == Conversation.id, Handoff.closed_at.is_(None))
        .scalar_subquery()
    )
    return sa.select(
        Conversation.id,
        Conversation.title,
        Conversation.status,
        User.email,
        counted.label("messages"),
        waiting.label("waiting_since"),
        Conversation.updated_at,
    ).join(User, User.id == Conversation.user_id, isouter=True)


def staff_conversations(status: str = "", page: int = 1) -> Page[StaffConversation]:
    """Conversations, those waiting for staff first (the longest wait on top), then the latest. Two statements."""
    wanted = [Conversation.status == status] if status in CONVERSATION_STATUSES else []
    total = session().scalar(sa.select(sa.func.count()).select_from(Conversation).where(*wanted)) or 0
    rows = session().execute(
        _listed()
        .where(*wanted)
        .order_by(sa.asc("waiting_since").nulls_last(), Conversation.updated_at.desc(), Conversation.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([StaffConversation(**row._mapping) for row in rows], page, PER_PAGE, total)


def transcript(conversation_id: uuid.UUID) -> Transcript:
    """One conversation, whoever's it is. Raises NotFound. Three statements."""
    row = session().execute(_listed().where(Conversation.id == conversation_id)).one_or_none()
    if row is None:
        raise NotFound("conversation", str(conversation_id))
    asked = (
        session()
        .execute(
            sa.select(Handoff.reason, Handoff.summary, Handoff.contact_email)
            .where(Handoff.conversation_id == conversation_id)
            .order_by(Handoff.requested_at.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return Transcript(
        StaffConversation(**row._mapping),
        latest_messages(conversation_id, _LONGEST_TRANSCRIPT),
        asked.reason if asked else None,
        asked.summary if asked else None,
        asked.contact_email if asked else None,
    )
