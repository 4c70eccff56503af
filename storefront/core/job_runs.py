"""The record of every background job: when it ran, how it ended, what it counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_OBJECT, one_of
from storefront.core.db import Base, Identified

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
