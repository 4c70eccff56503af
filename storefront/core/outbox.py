"""Work for later, written in the transaction of its cause and drained by jobs.

Mail, webhooks, index and cache work is a row here: a crash or an emptied Redis loses nothing. Nothing below
``jobs`` knows who does the work; the payload holds ids, never content, so that a retry sees today's truth.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.db import Base, Created, Identified, session, write
from storefront.core.statements import insert


class OutboxEntry(Identified, Created, Base):
    """One piece of work: its kind, the ids it is about, and how often it was tried."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        sa.Index("ix_outbox_due", "available_at", postgresql_where=sa.text("done_at IS NULL")),
        sa.Index("ix_outbox_kind_due", "kind", "available_at", postgresql_where=sa.text("done_at IS NULL")),
    )

    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'::jsonb"))
    attempts: Mapped[int] = mapped_column(server_default="0")
    available_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]


def enqueue(kind: str, *, available_at: datetime | None = None, **payload: Any) -> None:
    """Write one entry in the current transaction. ``payload`` values must be JSON-ready: ids as text."""
    enqueue_all((kind, payload), available_at=available_at)


def enqueue_once(kind: str, **payload: Any) -> None:
    """Have this done now, in the current transaction: by the open entry for it, where there is one.

    One that was tried in vain is due again at once. One that is being handled stays as it is, and
    another is written: its worker may have looked before there were news. Two callers at once may both write one.
    """
    is_free = sa.or_(OutboxEntry.attempts == 0, OutboxEntry.last_error.is_not(None))
    hastened = write(
        sa.update(OutboxEntry)
        .where(
            OutboxEntry.kind == kind, OutboxEntry.payload == payload, OutboxEntry.done_at.is_(None), is_free
        )
        .values(available_at=sa.func.least(OutboxEntry.available_at, now()))
    )
    if not hastened:
        enqueue(kind, **payload)


def enqueue_all(*entries: tuple[str, dict[str, Any]], available_at: datetime | None = None) -> None:
    """Write several entries, each a kind with its payload, in one go."""
    due = available_at or now()
    insert(
        OutboxEntry, *({"kind": kind, "payload": payload, "available_at": due} for kind, payload in entries)
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry that one worker handles now; ``attempts`` counts this one."""

    id: uuid.UUID
    kind: str
    payload: dict[str, Any]
    attempts: int


def claim(lease: timedelta, but: Collection[str] = ()) -> Claimed | None:
    """Take the oldest due entry for ``lease``, of any kind ``but`` these.

    A worker that dies in between leaves it to the next one.
    """
    due = (
        sa.select(OutboxEntry.id)
        .where(OutboxEntry.done_at.is_(None), OutboxEntry.available_at <= now(), OutboxEntry.kind.not_in(but))
        .order_by(OutboxEntry.available_at, OutboxEntry.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    entries = _claimed(OutboxEntry.id == due.scalar_subquery(), lease)
    return entries[0] if entries else None


def claim_all(kind: str, lease: timedelta, limit: int = 500) -> list[Claimed]:
    """Take the due entries of one kind for ``lease``, oldest first. What nobody has tried yet is due."""
    due = (
        sa.select(OutboxEntry.id)
        .where(
            OutboxEntry.done_at.is_(None),
            OutboxEntry.kind == kind,
            sa.or_(OutboxEntry.attempts == 0, OutboxEntry.available_at <= now()),
        )
        .order_by(OutboxEntry.available_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return _claimed(OutboxEntry.id.in_(due), lease)


def _claimed(which: sa.ColumnElement[bool], lease: timedelta) -> list[Claimed]:
    rows = session().execute(
        sa.update(OutboxEntry)
        .where(which)
        .values(attempts=OutboxEntry.attempts + 1, available_at=now() + lease, last_error=None)
        .returning(OutboxEntry.id, OutboxEntry.kind, OutboxEntry.payload, OutboxEntry.attempts)
        .execution_options(synchronize_session=False)
    )
    return [Claimed(*row) for row in rows]


def finish(*entries: Claimed) -> None:
    """Mark entries as done."""
    write(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id.in_([entry.id for entry in entries]))
        .values(done_at=now(), last_error=None)
    )


def postpone(entry: Claimed, error: str) -> None:
    """Try again later: after 10 seconds, then twice as long each time, at most six hours."""
    pause = min(timedelta(seconds=10 * 2 ** min(entry.attempts, 12)), timedelta(hours=6))
    _update(entry.id, available_at=now() + pause, last_error=error)


class NotBefore(Exception):
    """Raised by a handler: ``at`` is the earliest moment at which it makes sense to handle this entry."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"not before {at:%Y-%m-%d %H:%M} UTC")
        self.at = at


def put_off(entry: Claimed, wish: NotBefore) -> None:
    """Handle the entry when its handler said, which is no failure."""
    _update(entry.id, available_at=wish.at, last_error=str(wish))


def _update(entry_id: uuid.UUID, **values: Any) -> None:
    session().execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def purge_done(before: datetime) -> int:
    """Forget entries that were done before ``before``; returns how many. What is not done stays, however old."""
    gone = session().scalars(
        sa.delete(OutboxEntry)
        .where(OutboxEntry.done_at < before)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
