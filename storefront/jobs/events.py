"""Analytics events that were written to the outbox, in the transaction of their cause."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from storefront.analytics.services import record_event
from storefront.core.identity import Identity
from storefront.jobs.outbox import handles


@handles("analytics.event")
def record(
    event_type: str,
    event_id: str | None = None,
    occurred_at: str | None = None,
    user_id: str | None = None,
    session_id: str | None = None,
    **data: Any,
) -> None:
    """Store the event; with its id and moment in the payload a repetition changes nothing."""
    record_event(
        event_type,
        Identity(uuid.UUID(user_id) if user_id else None, uuid.UUID(session_id) if session_id else None),
        event_id=uuid.UUID(event_id) if event_id else None,
        occurred_at=datetime.fromisoformat(occurred_at) if occurred_at else None,
        **data,
    )
