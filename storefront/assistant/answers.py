"""Answers in the making: who takes one on, for whom, and how one is ended from outside.

An answer is taken on once, by whoever marks its row first: the chat worker, or the web process where no worker
comes. For whom it is made is read from the database and never from a queue.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import sqlalchemy as sa

from storefront.accounts.models import User, UserSession
from storefront.accounts.queries import may_sign_in
from storefront.assistant import services
from storefront.assistant.events import Event
from storefront.assistant.loop import AnswerRecord, Assignment
from storefront.assistant.models import Conversation, Message
from storefront.assistant.queries import MessageView
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity

_TAKEN = "taken_at"


def take_assignment(answer_id: uuid.UUID) -> Assignment | None:
    """Take the answer on, for its conversation's owner as the database knows them now.

    None when somebody has taken it, when it is finished, or when its owner may no longer be served (a blocked
    account, an expired guest session).
    """
    with transaction():
        taken = session().execute(
            sa.update(Message)
            .where(
                Message.id == answer_id,
                Message.role == "assistant",
                Message.status == "streaming",
                Message.extra[_TAKEN].astext.is_(None),
            )
            .values(extra=Message.extra.op("||")(sa.cast({_TAKEN: now().isoformat()}, Message.extra.type)))
            .returning(Message.conversation_id, Message.created_at)
            .execution_options(synchronize_session=False)
        )
        row = taken.one_or_none()
        identity = None if row is None else owner_of(row.conversation_id)
        address = address_of(identity) if identity is not None else ""
    if row is None or identity is None:
        return None
    return Assignment(row.conversation_id, answer_id, row.created_at, identity, address)


def owner_of(conversation_id: uuid.UUID) -> Identity | None:
    """Whose conversation it is: the user, or the guest's live session, with the orders that it has proved."""
    row = (
        session()
        .execute(
            sa.select(
                Conversation.user_id,
                User.id.label("active_user_id"),
                UserSession.id.label("session_id"),
                UserSession.data,
            )
            .outerjoin(User, sa.and_(User.id == Conversation.user_id, may_sign_in()))
            .outerjoin(
                UserSession,
                sa.and_(
                    UserSession.id == Conversation.session_id,
                    UserSession.user_id.is_not_distinct_from(Conversation.user_id),
                    UserSession.expires_at > now(),
                ),
            )
            .where(Conversation.id == conversation_id)
        )
        .one_or_none()
    )
    if row is None or row.user_id != row.active_user_id or not (row.user_id or row.session_id):
        return None
    proved = (row.data or {}).get("proved_orders", ())
    return Identity(row.user_id, row.session_id, frozenset(uuid.UUID(order_id) for order_id in proved))


def address_of(identity: Identity) -> str:
    """The network address from which the session was begun, or a user's latest one; empty where none is known."""
    if identity.session_id is not None:
        whose = UserSession.id == identity.session_id
    else:
        whose = sa.and_(UserSession.user_id == identity.user_id, UserSession.expires_at > now())
    begun = sa.select(sa.func.host(UserSession.ip_address)).where(whose, UserSession.ip_address.is_not(None))
    return session().scalar(begun.order_by(UserSession.last_activity_at.desc()).limit(1)) or ""


def end_answer(answer: MessageView, said: Iterable[Event], status: str) -> bool:
    """End an answer from outside with what it had ``said``; False when it has ended by itself meanwhile."""
    record = AnswerRecord()
    for event in said:
        record.add(event)
    finished = record.finished(status)
    return services.finish_answer(answer.id, answer.created_at, finished)
