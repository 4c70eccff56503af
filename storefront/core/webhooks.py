"""Outgoing webhooks: who wants to hear of what, and every attempt to tell them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_ARRAY, EMPTY_OBJECT, one_of
from storefront.core.db import Base, Created, Identified, Timestamped

DELIVERY_STATUSES = ("pending", "delivered", "failed")


class WebhookEndpoint(Identified, Timestamped, Base):
    """An address that is told about ``events``.

    The signing secret is not stored: it is derived from the shop's secret key, this id and
    ``secret_version``; raising the version rotates it.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        sa.CheckConstraint("url ~ '^https?://'", name="url_is_http"),
        sa.CheckConstraint("secret_version > 0", name="secret_version_positive"),
        sa.Index("ix_webhook_endpoints_created_by", "created_by"),
    )

    url: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    events: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    secret_version: Mapped[int] = mapped_column(default=1, server_default="1")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))


class WebhookDelivery(Identified, Created, Base):
    """One event on its way to one endpoint: signed, retried until ``attempts`` run out."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        one_of("status", DELIVERY_STATUSES),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        sa.Index("ix_webhook_deliveries_endpoint_id_created_at", "endpoint_id", "created_at"),
        sa.Index(
            "ix_webhook_deliveries_due", "next_attempt_at", postgresql_where=sa.text("status = 'pending'")
        ),
    )

    endpoint_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    response_status: Mapped[int | None]
    last_error: Mapped[str | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    delivered_at: Mapped[datetime | None]
