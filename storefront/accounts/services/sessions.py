"""Browser sessions: the cookie holds a 256-bit secret, ``user_sessions`` its SHA-256."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import sqlalchemy as sa

from storefront.accounts.models import UserSession
from storefront.core.clock import now
from storefront.core.db import transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import digest, new_id, new_secret
from storefront.core.statements import rows, scalar

_PROVED_ORDERS_KEPT = 50
_PROVED = sa.text(
    """
    UPDATE user_sessions SET data = data || jsonb_build_object('proved_orders', (
      SELECT jsonb_agg(newest.one ORDER BY newest.place) FROM (
        SELECT proved.one, proved.place
        FROM jsonb_array_elements_text(coalesce(data -> 'proved_orders', '[]') - CAST(:order_id AS text)
          || jsonb_build_array(CAST(:order_id AS text))) WITH ORDINALITY AS proved(one, place)
        ORDER BY proved.place DESC LIMIT :kept
      ) AS newest
    ))
    WHERE id = :session_id RETURNING id
    """
).bindparams(kept=_PROVED_ORDERS_KEPT)


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session that has just begun. ``token`` is the browser's secret; it is stored nowhere."""

    id: uuid.UUID
    token: str


def start_session(
    user_id: uuid.UUID | None, *, ip_address: str | None, user_agent: str | None, days: int
) -> StartedSession:
    """Begin a session that ends ``days`` after its last visit; ``user_id`` None makes a guest's."""
    started = StartedSession(new_id(), new_secret())
    moment = now()
    values = {
        "id": started.id,
        "session_token_hash": digest(started.token),
        "user_id": user_id,
        "ip_address": ip_address,
        "user_agent": user_agent or None,
        "created_at": moment,
        "last_activity_at": moment,
        "expires_at": moment + timedelta(days=days),
    }
    with transaction():
        rows(_insertion(tuple(values)), values)
    return started


@cache
def _insertion(columns: tuple[str, ...]) -> sa.Insert:
    return sa.insert(UserSession).values({name: sa.bindparam(name) for name in columns})


def touch_session(session_id: uuid.UUID, days: int) -> bool:
    """Note a visit and move the end to ``days`` from now; False when the session has ended meanwhile."""
    moment = now()
    with transaction() as current:
        touched = current.execute(
            sa.update(UserSession)
            .where(UserSession.id == session_id, UserSession.expires_at > moment)
            .values(last_activity_at=moment, expires_at=moment + timedelta(days=days))
            .returning(UserSession.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return touched is not None


def end_session(session_id: uuid.UUID) -> None:
    """End one session at once. What hangs on a guest's row (an open cart) goes with it."""
    with transaction() as current:
        current.execute(_delete(UserSession.id == session_id))


def remember_proved_order(session_id: uuid.UUID, order_id: uuid.UUID) -> None:
    """Let the session see an order that its guest has proved to own; the last 50 are kept.

    Raises :class:`NotFound` when the session has ended.
    """
    with transaction():
        if scalar(_PROVED, {"session_id": session_id, "order_id": str(order_id)}) is None:
            raise NotFound("session", str(session_id))


def revoke_session(identity: Identity, session_id: uuid.UUID) -> None:
    """End one of the person's own sessions. Raises :class:`NotFound`, also for somebody else's and a guest's."""
    if identity.user_id is None:
        raise NotFound("session", str(session_id))
    with transaction() as current:
        ended = current.execute(
            _delete(UserSession.id == session_id, UserSession.user_id == identity.user_id).returning(
                UserSession.id
            )
        ).one_or_none()
        if ended is None:
            raise NotFound("session", str(session_id))


def end_other_sessions(user_id: uuid.UUID, *, keep: uuid.UUID | None) -> int:
    """End all sessions of ``user_id`` but ``keep``; returns how many were ended."""
    with transaction() as current:
        ended = current.execute(
            _delete(UserSession.user_id == user_id, UserSession.id.is_distinct_from(keep)).returning(
                UserSession.id
            )
        ).all()
    return len(ended)


def _delete(*conditions: sa.ColumnElement[bool]) -> sa.Delete:
    return sa.delete(UserSession).where(*conditions).execution_options(synchronize_session=False)
