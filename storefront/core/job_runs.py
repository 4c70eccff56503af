"""The record of every background job: when it ran, how it ended, what it counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.columns import EMPTY_OBJECT, one_of
from storefront.core.db import Base, Identified, session, transaction

JOB_STATUSES = ("running", "succeeded", "failed")


class JobRun(Identified, Base):
    """One run of a job. ``result`` holds counts and ids, no personal data."""

    __tablename__ = "job_runs"
    __table_args__ = (
        one_of("status", JOB_STATUSES),
        sa.Index("ix_job_runs_name_started_at", "name", sa.text("started_at DESC")),
        sa.Index("ix_job_runs_started_at", "started_at"),
    )

    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="running", server_default="running")
    started_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    error: Mapped[str | None]


def record_run(
    name: str, started_at: datetime, *, result: dict[str, Any] | None = None, error: str | None = None
) -> None:
    """Write down one run that has ended now: what it counted, or why it failed."""
    with transaction():
        session().execute(
            sa.insert(JobRun).values(
                name=name,
                status="failed" if error else "succeeded",
                started_at=started_at,
                finished_at=now(),
                result=result or {},
                error=error,
            )
        )


def purge_runs(before: datetime) -> int:
    """Forget runs that started before ``before``; returns how many."""
    with transaction():
        gone = session().scalars(
            sa.delete(JobRun)
            .where(JobRun.started_at < before)
            .returning(JobRun.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())
