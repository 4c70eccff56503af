"""Traces: what staff changed, what shoppers did, what went wrong."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.analytics.models import AnalyticsEvent, AuditLog, ErrorLog
from storefront.analytics.origin import current_origin
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.ids import new_id

REDACTED = "[redacted]"
_PERSONAL = (
    "address", "city", "comment", "company", "email", "line1", "line2", "name", "note", "password",
    "phone", "postal", "secret", "token", "username",
)  # fmt: skip
# Names of things, not of people: a product's or a category's name belongs into the trail.
_OF_PEOPLE = frozenset(
    {"users", "user", "addresses", "orders", "order", "conversations", "messages", "handoffs"}
)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields that differ, each with its value ``before`` and ``after``, ready for :func:`record_audit`."""
    return {
        field: {"before": _plain(before.get(field)), "after": _plain(after.get(field))}
        for field in sorted({*before, *after})
        if before.get(field) != after.get(field)
    }


def record_audit(
    actor_id: uuid.UUID | None,
    action: str,
    resource_type: str,
    resource_id: uuid.UUID | str,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
    status_code: int | None = None,
    error_message: str | None = None,
) -> None:
    """Leave one row of the audit trail in the caller's transaction; ``actor_id`` None is the command line.

    ``changes`` maps a field to its ``before`` and ``after`` (see :func:`difference`). Personal fields are
    redacted here, so that erasing a person need not touch the trail: that a phone number changed stays known,
    not which. Request, address, device and duration come from :mod:`storefront.analytics.origin`.
    """
    origin = current_origin()
    with transaction() as current:
        current.execute(
            sa.insert(AuditLog).values(
                id=new_id(),
                user_id=actor_id,
                action=action,
                resource_type=resource_type,
                resource_id=str(resource_id),
                changes=_redacted(resource_type, changes or {}),
                extra=_plain(metadata or {}),
                ip_address=origin.ip_address if origin else None,
                user_agent=origin.user_agent if origin else None,
                request_id=origin.request_id if origin else None,
                duration_ms=origin.milliseconds() if origin else None,
                status_code=status_code,
                error_message=error_message,
                created_at=now(),
            )
        )


def record_event(
    event_type: str,
    identity: Identity = ANONYMOUS,
    *,
    event_id: uuid.UUID | None = None,
    occurred_at: datetime | None = None,
    **data: Any,
) -> None:
    """Note something a shopper did. With ``event_id`` and ``occurred_at`` given, a repetition changes nothing."""
    with transaction() as current:
        current.execute(
            insert(AnalyticsEvent)
            .values(
                id=event_id or new_id(),
                event_type=event_type,
                user_id=identity.user_id,
                session_id=identity.session_id,
                data=_plain(data),
                created_at=occurred_at or now(),
            )
            .on_conflict_do_nothing()
        )


def record_error(
    error: BaseException,
    *,
    chatbot_id: uuid.UUID | None = None,
    request_id: str | None = None,
    **metadata: Any,
) -> None:
    """Keep an unexpected error with its stack, in a transaction of its own.

    The failed transaction, if one is open, is rolled back first: this is the last thing a request does.
    """
    origin = current_origin()
    session().rollback()
    with transaction() as current:
        current.execute(
            sa.insert(ErrorLog).values(
                chatbot_id=chatbot_id,
                error_type=f"{type(error).__module__}.{type(error).__qualname__}",
                error_message=_first_line(error),
                stack_trace="".join(traceback.format_tb(error.__traceback__))[-20_000:],
                request_id=request_id or (origin.request_id if origin else None),
                extra=_plain(metadata),
            )
        )


def _first_line(error: BaseException) -> str:
    """Without the statement's parameters that a database error carries below its first line."""
    return (str(error).splitlines() or [""])[0][:500]


def _redacted(resource_type: str, changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    personal = resource_type in _OF_PEOPLE
    return {
        field: {
            side: REDACTED if personal and value not in (None, "") and _is_personal(field) else _plain(value)
            for side, value in sides.items()
        }
        for field, sides in changes.items()
    }


def _is_personal(field: str) -> bool:
    return any(part in field.lower() for part in _PERSONAL)


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: money, ids and moments as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
