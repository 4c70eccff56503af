"""Watching and proving: events, usage, measurements, errors and the audit trail.

The lowest domain: it names users and chatbots by the text of a foreign key only.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_OBJECT, IpAddress, gin
from storefront.core.db import Base, Created, Identified
from storefront.core.ids import new_id


class ApiUsage(Identified, Created, Base):
    """One metered call: by a person's assistant quota or by a program's key."""

    __tablename__ = "api_usage"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, api_key_id) >= 1", name="has_a_subject"),
        sa.CheckConstraint("tokens_used >= 0", name="tokens_used_not_negative"),
        sa.CheckConstraint("response_time_ms >= 0", name="response_time_ms_not_negative"),
        sa.Index("ix_api_usage_api_key_id_created_at", "api_key_id", "created_at"),
        sa.Index("ix_api_usage_user_id_created_at", "user_id", "created_at"),
    )

    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("api_keys.id", ondelete="CASCADE"))
    endpoint: Mapped[str]
    tokens_used: Mapped[int] = mapped_column(default=0, server_default="0")
    response_time_ms: Mapped[int]
    status_code: Mapped[int]


class AnalyticsEvent(Base):
    """Something a shopper did (viewed, added, bought). Kept in monthly partitions."""

    __tablename__ = "analytics_events"
    __table_args__ = (
        sa.Index("ix_analytics_events_event_user_created", "event_type", "user_id", "created_at"),
        sa.Index("ix_analytics_events_user_id", "user_id"),
        sa.Index("ix_analytics_events_created_at", "created_at"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, server_default=sa.text("gen_random_uuid()")
    )
    event_type: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    session_id: Mapped[uuid.UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.func.now())


class AnalyticsUsage(Identified, Base):
    """A counted figure of one chatbot at one moment (messages, tokens, hand-overs)."""

    __tablename__ = "analytics_usage"
    __table_args__ = (sa.Index("ix_analytics_usage_chatbot_id_timestamp", "chatbot_id", "timestamp"),)

    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("chatbots.id", ondelete="CASCADE"))
    metric: Mapped[str]
    value: Mapped[int] = mapped_column(sa.BigInteger)
    labels: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    timestamp: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class PerformanceMetric(Identified, Base):
    """A measured figure (milliseconds, bytes, rates), for a chatbot or for the shop when none is named."""

    __tablename__ = "performance_metrics"
    __table_args__ = (
        sa.Index("ix_performance_metrics_chatbot_id_timestamp", "chatbot_id", "timestamp"),
        sa.Index("ix_performance_metrics_metric_timestamp", "metric", "timestamp"),
    )

    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("chatbots.id", ondelete="CASCADE"))
    metric: Mapped[str]
    value: Mapped[float] = mapped_column(sa.Double)
    labels: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    timestamp: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class ErrorLog(Identified, Created, Base):
    """An error nobody expected, with the request it happened in."""

    __tablename__ = "error_logs"
    __table_args__ = (
        sa.Index("ix_error_logs_chatbot_id_created_at", "chatbot_id", "created_at"),
        sa.Index("ix_error_logs_created_at", "created_at"),
        sa.Index("ix_error_logs_request_id", "request_id"),
        gin("ix_error_logs_metadata", "metadata"),
    )

    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("chatbots.id", ondelete="SET NULL"))
    error_type: Mapped[str]
    error_message: Mapped[str]
    stack_trace: Mapped[str | None]
    request_id: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)


class AuditLog(Base):
    """One staff write, in the transaction of that write. Append only, in monthly partitions.

    ``user_id`` carries no foreign key on purpose: erasing a person must not need to touch the trail, and
    the trail holds ids and redacted differences only.
    """

    __tablename__ = "audit_logs"
    __table_args__ = (
        sa.Index("ix_audit_logs_user_id", "user_id"),
        sa.Index("ix_audit_logs_resource", "resource_type", "resource_id"),
        sa.Index("ix_audit_logs_action", "action"),
        sa.Index("ix_audit_logs_created_at", sa.text("created_at DESC")),
        sa.Index("ix_audit_logs_request_id", "request_id"),
        gin("ix_audit_logs_metadata", "metadata"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, server_default=sa.text("gen_random_uuid()")
    )
    user_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)
    ip_address: Mapped[str | None] = mapped_column(IpAddress)
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]
    duration_ms: Mapped[int | None]
    status_code: Mapped[int | None]
    error_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.func.now())
