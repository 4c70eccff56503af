"""Writes of the accounts domain: one module per noun, one import for callers."""

from storefront.accounts.services.consents import give_consent, withdraw_consent
from storefront.accounts.services.credentials import (
    authenticate,
    change_password,
    check_password,
    issue_password_reset,
    request_password_reset,
    reset_password,
)
from storefront.accounts.services.expiry import purge_expired
from storefront.accounts.services.links import Link
from storefront.accounts.services.profile import (
    AddressInput,
    add_address,
    change_address,
    delete_address,
    speak,
    update_profile,
)
from storefront.accounts.services.registration import (
    issue_verification,
    register,
    request_verification,
    verify_email,
)
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
    "AddressInput",
    "Link",
    "StartedSession",
    "add_address",
    "authenticate",
    "change_address",
    "change_password",
    "check_password",
    "create_staff",
    "delete_address",
    "end_other_sessions",
    "end_session",
    "give_consent",
    "issue_password_reset",
    "issue_verification",
    "purge_expired",
    "register",
    "remember_proved_order",
    "request_password_reset",
    "request_verification",
    "require_permission",
    "reset_password",
    "revoke_session",
    "speak",
    "start_session",
    "touch_session",
    "update_profile",
    "verify_email",
    "withdraw_consent",
]
