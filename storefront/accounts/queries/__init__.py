"""Reads of people, their sessions and their address book.

- ``signed_in``: the user of a session with their permissions
- ``letters``: whom the shop writes to, and which links of its letters still count
- ``account``: what people see of their own account
- ``staff``: what the operator sees of all of them
"""

from __future__ import annotations

from storefront.accounts.queries.account import (
    AddressEntry,
    Profile,
    SessionEntry,
    address_of,
    addresses_of,
    profile,
    sessions_of,
)
from storefront.accounts.queries.letters import (
    CART_REMINDER,
    Recipient,
    consent_since,
    email_of_password_reset,
    email_of_verification,
    recipient,
)
from storefront.accounts.queries.signed_in import (
    SignedInUser,
    may_sign_in,
    signed_in_columns,
    signed_in_user,
    user_by_email,
    user_by_id,
)
from storefront.accounts.queries.staff import AccountRow, accounts

__all__ = [
    "CART_REMINDER",
    "AccountRow",
    "AddressEntry",
    "Profile",
    "Recipient",
    "SessionEntry",
    "SignedInUser",
    "accounts",
    "address_of",
    "addresses_of",
    "consent_since",
    "email_of_password_reset",
    "email_of_verification",
    "may_sign_in",
    "profile",
    "recipient",
    "sessions_of",
    "signed_in_columns",
    "signed_in_user",
    "user_by_email",
    "user_by_id",
]
