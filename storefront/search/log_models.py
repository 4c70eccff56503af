"""What people looked for: the log of searches, and what is counted of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import one_of
from storefront.core.db import Base
from storefront.core.ids import new_id

SEARCH_TYPES = ("text", "semantic", "hybrid", "suggest", "assistant")
MANNERS = ("exact", "completed", "corrected", "partial", "nothing")


class SearchLog(Base):
    """One search, with how many it found, how long it took (milliseconds) and what was opened. Monthly partitions.

    ``manner`` is how the text was understood, ``clicked_position`` where on the first page what was opened stood,
    from 1; None for what stood elsewhere.
    """

    __tablename__ = "search_logs"
    __table_args__ = (
        one_of("search_type", SEARCH_TYPES),
        one_of("manner", MANNERS),
        sa.CheckConstraint("clicked_position >= 1", name="clicked_position_from_one"),
        sa.CheckConstraint("results_count >= 0", name="results_count_not_negative"),
        sa.Index("ix_search_logs_user_id", "user_id"),
        sa.Index("ix_search_logs_created_at", "created_at"),
        sa.Index("ix_search_logs_search_type", "search_type"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, server_default=sa.text("gen_random_uuid()")
    )
    query: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    session_id: Mapped[uuid.UUID | None]
    results_count: Mapped[int]
    search_type: Mapped[str]
    response_time_ms: Mapped[int]
    manner: Mapped[str | None]
    clicked_product_id: Mapped[uuid.UUID | None]
    clicked_position: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.func.now())


class SearchTextDay(Base):
    """What people searched for on one day (UTC), counted: how often nothing was found, how often one was opened.

    ``askers`` is how many people it was whose search was understood and found something, each once in thirty days.
    """

    __tablename__ = "search_text_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(primary_key=True)
    searches: Mapped[int]
    found_nothing: Mapped[int] = mapped_column(server_default="0")
    clicked: Mapped[int] = mapped_column(server_default="0")
    askers: Mapped[int] = mapped_column(server_default="0")


class PopularSearch(Base):
    """A text that several people looked for with success in the last thirty days: suggested to everybody.

    A job keeps the few thousand commonest (:func:`refresh_popular_searches`).
    """

    __tablename__ = "popular_searches"
    __table_args__ = (
        sa.Index("ix_popular_searches_beginning", "text", postgresql_ops={"text": "text_pattern_ops"}),
    )

    text: Mapped[str] = mapped_column(primary_key=True)
    askers: Mapped[int]
    uses: Mapped[int]


class SearchTimeDay(Base):
    """How many of a day's searches took so many milliseconds: exact medians and percentiles of any period."""

    __tablename__ = "search_time_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    milliseconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    searches: Mapped[int]
