"""What shoppers thought of answers: a thumb up or down, changed as often as they like."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.assistant import queries
from storefront.assistant.models import FEEDBACK_RATINGS, MessageFeedback
from storefront.assistant.queries import MessageView
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import InvalidInput, NotFound
from storefront.core.identity import Identity


def rate_answer(identity: Identity, message_id: uuid.UUID, rating: str | None) -> None:
    """Set (``up``, ``down``) or take back (None) the thumb of one of the person's own answers.

    Raises NotFound for another's message or one of another kind, InvalidInput for another rating.
    """
    if rating is not None and rating not in FEEDBACK_RATINGS:
        raise InvalidInput("rating", "up or down")
    with transaction():
        answer = queries.message(identity, message_id)
        if answer is None or answer.role != "assistant" or answer.status == "streaming":
            raise NotFound("message", str(message_id))
        if rating is None:
            write(
                sa.delete(MessageFeedback).where(
                    MessageFeedback.message_id == answer.id,
                    MessageFeedback.message_created_at == answer.created_at,
                )
            )
            return
        session().execute(
            insert(MessageFeedback)
            .values(message_id=answer.id, message_created_at=answer.created_at, rating=rating)
            .on_conflict_do_update(
                index_elements=[MessageFeedback.message_id, MessageFeedback.message_created_at],
                set_={"rating": rating, "updated_at": now()},
            )
        )


def ratings(messages: Iterable[MessageView]) -> dict[uuid.UUID, str]:
    """The thumbs given to these messages, by message. One statement, or none where there is no answer."""
    keys = [(message.id, message.created_at) for message in messages if message.role == "assistant"]
    if not keys:
        return {}
    rows = session().execute(
        sa.select(MessageFeedback.message_id, MessageFeedback.rating).where(
            sa.tuple_(MessageFeedback.message_id, MessageFeedback.message_created_at).in_(keys)
        )
    )
    return {row.message_id: row.rating for row in rows}
