"""What happened to an order, written where people and programs look for it: its timeline, and the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue, enqueue_all
from storefront.core.statements import insert
from storefront.orders.models import OrderEvent
from storefront.payments.methods import INVOICES_DUE


def record_event(
    order_id: uuid.UUID,
    kind: str,
    *,
    from_status: str | None = None,
    to_status: str | None = None,
    actor: str = "system",
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to the order's timeline. Once it is ``paid`` its invoice is due.

    ``note`` may be read by the shopper; ``data`` is for programs.
    """
    if kind == "paid":
        enqueue(INVOICES_DUE, order_id=str(order_id))
    event = {
        "order_id": order_id,
        "kind": kind,
        "from_status": from_status,
        "to_status": to_status,
        "actor": actor,
        "note": note,
        "data": dict(data or {}),
        "created_at": now(),
    }
    insert(OrderEvent, event)


def was_recorded(order_id: uuid.UUID, kind: str, data: Mapping[str, Any]) -> bool:
    """Whether the order's timeline says so already, with at least this ``data``."""
    there = sa.exists().where(
        OrderEvent.order_id == order_id, OrderEvent.kind == kind, OrderEvent.data.contains(data)
    )
    return bool(session().scalar(sa.select(there)))


def announce(
    kind: str,
    order_id: uuid.UUID,
    *,
    user_id: uuid.UUID | None,
    session_id: uuid.UUID | None,
    letter: Mapping[str, str] | None = None,
    **data: str,
) -> None:
    """Leave word of what happened in the outbox: for the invoice, the shopper's letter and analytics, each once.

    ``letter`` is what the letter has to say beside the order, ``data`` what analytics are told.
    """
    event = {
        "event_type": kind,
        "event_id": str(new_id()),
        "occurred_at": now().isoformat(),
        "user_id": str(user_id) if user_id else None,
        "session_id": str(session_id) if session_id else None,
        "order_id": str(order_id),
    }
    mail = (f"mail.{kind}", {"order_id": str(order_id), **(letter or {})})
    enqueue_all((INVOICES_DUE, {"order_id": str(order_id)}), mail, ("analytics.event", event | data))
