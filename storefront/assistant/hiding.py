"""What was typed into a talk and is worth money does not stay in it: staff read conversations, too."""

from __future__ import annotations

import re
import uuid

import sqlalchemy as sa

from storefront.assistant.models import Conversation, Message
from storefront.core.db import session, transaction, write

_LOOKED_AT = 20


def hide_in_conversation(conversation_id: uuid.UUID, secret: str, shown: str) -> None:
    """Put ``shown`` in the place of ``secret``, however it was spaced, in the shopper's latest messages and title."""
    characters = [re.escape(one) for one in secret if one.isalnum()]
    if not characters:
        return
    pattern = re.compile(r"[\s-]*".join(characters), re.IGNORECASE)
    latest = (
        sa.select(Message.id, Message.created_at, Message.content)
        .where(Message.conversation_id == conversation_id, Message.role == "user")
        .order_by(Message.created_at.desc())
        .limit(_LOOKED_AT)
    )
    with transaction():
        for message_id, created_at, content in session().execute(latest).all():
            hidden = pattern.sub(lambda _found: shown, content)
            if hidden != content:
                # Its month is named, too: the key of a partitioned table holds it.
                which = sa.and_(Message.id == message_id, Message.created_at == created_at)
                write(sa.update(Message).where(which).values(content=hidden))
        titled = sa.select(Conversation.title).where(Conversation.id == conversation_id)
        title = session().scalar(titled) or ""
        if pattern.search(title):
            without = pattern.sub(lambda _found: shown, title)
            write(sa.update(Conversation).where(Conversation.id == conversation_id).values(title=without))
