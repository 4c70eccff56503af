"""Writes of the accounts domain: one module per noun, one import for callers."""

from storefront.accounts.services.sessions import (
    StartedSession,
    end_other_sessions,
    end_session,
    remember_proved_order,
    revoke_session,
    start_session,
    touch_session,
)
from storefront.accounts.services.staff import create_staff, require_permission

__all__ = [
    "StartedSession",
    "create_staff",
    "end_other_sessions",
    "end_session",
    "remember_proved_order",
    "require_permission",
    "revoke_session",
    "start_session",
    "touch_session",
]
