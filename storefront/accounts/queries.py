"""Reads of people, their sessions and their address book. Everything is asked for by its owner's id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import Address, Consent, Permission, RolePermission, User, UserSession
from storefront.accounts.tokens import token_hash
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Somebody who is signed in, as pages and Flask-Login see them. ``permissions`` are ``resource:action``."""

    id: uuid.UUID
    email: str
    first_name: str | None = None
    last_name: str | None = None
    roles: tuple[str, ...] = ("customer",)
    email_verified: bool = False
    permissions: frozenset[str] = frozenset()
    tier: str = "standard"

    @property
    def is_authenticated(self) -> bool:
        """Flask-Login: this is no guest."""
        return True

    @property
    def is_active(self) -> bool:
        """Flask-Login: blocked accounts are never loaded in the first place."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Flask-Login: this is no guest."""
        return False

    def get_id(self) -> str:
        """Flask-Login: the user's id as text."""
        return str(self.id)

    @property
    def display_name(self) -> str:
        """First and last name as far as known, else the part of the e-mail address before the @."""
        name = " ".join(part for part in (self.first_name, self.last_name) if part)
        return name or self.email.partition("@")[0]

    @property
    def is_staff(self) -> bool:
        """True for somebody who may do anything at all on the staff pages."""
        return bool(self.permissions)

    def may(self, resource: str, action: str) -> bool:
        """Whether one of this person's roles grants ``resource``:``action``."""
        return f"{resource}:{action}" in self.permissions


def granted_permissions() -> sa.ColumnElement[list[str]]:
    """The ``resource:action`` texts that the roles of the enclosing statement's ``users`` row grant."""
    granted = (
        sa.select(sa.func.array_agg(Permission.resource + ":" + Permission.action))
        .join(RolePermission, RolePermission.permission_id == Permission.id)
        .where(RolePermission.role == sa.any_(User.__table__.c.roles))
        .correlate(User)
    )
    return sa.func.coalesce(granted.scalar_subquery(), sa.text("'{}'::text[]"))


def signed_in_columns() -> tuple[Any, ...]:
    """The columns of ``users`` that :func:`signed_in_user` reads, for a join in somebody else's statement.

    Select them from a join on ``users`` with :func:`may_sign_in` in its condition.
    """
    return (
        User.id.label("user_id"),
        User.email,
        User.first_name,
        User.last_name,
        User.roles,
        User.email_verified,
        User.subscription_tier,
        granted_permissions().label("permissions"),
    )


def may_sign_in() -> sa.ColumnElement[bool]:
    """The condition that a user is neither deleted nor blocked."""
    return sa.and_(User.deleted_at.is_(None), User.is_active)


def signed_in_user(row: Any) -> SignedInUser | None:
    """The user in a row with :func:`signed_in_columns`; None where the outer join found nobody."""
    if row.user_id is None:
        return None
    return SignedInUser(
        id=row.user_id,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        roles=tuple(row.roles),
        email_verified=row.email_verified,
        permissions=frozenset(row.permissions),
        tier=row.subscription_tier,
    )


def user_by_id(user_id: uuid.UUID) -> SignedInUser | None:
    """The living, active user with this id."""
    row = session().execute(sa.select(*signed_in_columns()).where(User.id == user_id, may_sign_in()))
    found = row.one_or_none()
    return None if found is None else signed_in_user(found)


def user_by_email(email: str) -> SignedInUser | None:
    """The living, active user with this e-mail address (case does not matter)."""
    row = session().execute(sa.select(*signed_in_columns()).where(User.email == email.strip(), may_sign_in()))
    found = row.one_or_none()
    return None if found is None else signed_in_user(found)


CART_REMINDER = "cart_reminder"
"""The purpose of a consent: one letter about a cart that was left."""


def consent_since(user_id: uuid.UUID, purpose: str) -> datetime | None:
    """Since when the person agrees to ``purpose``; None when they do not."""
    standing = sa.and_(Consent.user_id == user_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
    return session().scalar(sa.select(Consent.given_at).where(standing))


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a mail goes to. ``language`` is the one they read."""

    email: str
    first_name: str | None
    last_name: str | None
    language: str


def recipient(user_id: uuid.UUID) -> Recipient | None:
    """The living, active user as the recipient of a mail; None when there is nobody to write to any more."""
    row = (
        session()
        .execute(
            sa.select(User.email, User.first_name, User.last_name, User.language).where(
                User.id == user_id, may_sign_in()
            )
        )
        .one_or_none()
    )
    return None if row is None else Recipient(*row)


def email_of_verification(token: str) -> str | None:
    """The address that a confirmation link is about; None for a link that is spent, replaced or over."""
    hashed = token_hash(token)
    if hashed is None:
        return None
    return session().scalar(
        sa.select(User.email).where(User.email_verification_token == hashed, may_sign_in())
    )


def email_of_password_reset(token: str) -> str | None:
    """The address that a reset link is about; None for a link that is spent, replaced or over."""
    hashed = token_hash(token)
    if hashed is None:
        return None
    return session().scalar(
        sa.select(User.email).where(
            User.password_reset_token == hashed, User.password_reset_expires > now(), may_sign_in()
        )
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """What a shopper may read and change about themselves."""

    email: str
    email_verified: bool
    first_name: str
    last_name: str
    phone: str
    company_name: str
    language: str
    member_since: datetime


def profile(user_id: uuid.UUID) -> Profile:
    """The profile of ``user_id``. Raises :class:`NotFound`."""
    user = session().execute(
        sa.select(
            User.email,
            User.email_verified,
            sa.func.coalesce(User.first_name, ""),
            sa.func.coalesce(User.last_name, ""),
            sa.func.coalesce(User.phone, ""),
            sa.func.coalesce(User.company_name, ""),
            User.language,
            User.created_at,
        ).where(User.id == user_id, may_sign_in())
    )
    row = user.one_or_none()
    if row is None:
        raise NotFound("user", str(user_id))
    return Profile(*row)


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """One entry of the address book. ``country`` is the ISO 3166 code."""

    id: uuid.UUID
    label: str
    name: str
    company: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str
    is_default_shipping: bool
    is_default_billing: bool

    @property
    def full_name(self) -> str:
        """The name under the key that address forms and templates use."""
        return self.name


def _address_columns() -> tuple[sa.ColumnElement[Any], ...]:
    def text(column: Any) -> sa.ColumnElement[str]:
        return sa.func.coalesce(column, "")

    return (
        Address.__table__.c.id,
        text(Address.label),
        Address.__table__.c.name,
        text(Address.company),
        Address.__table__.c.line1,
        text(Address.line2),
        Address.__table__.c.city,
        text(Address.region),
        Address.__table__.c.postal_code,
        Address.__table__.c.country,
        text(Address.phone),
        Address.__table__.c.is_default_shipping,
        Address.__table__.c.is_default_billing,
    )


def addresses_of(user_id: uuid.UUID) -> list[AddressEntry]:
    """The person's address book, defaults first, then the oldest first."""
    rows: Sequence[Any] = (
        session()
        .execute(
            sa.select(*_address_columns())
            .where(Address.user_id == user_id)
            .order_by(
                Address.is_default_shipping.desc(), Address.is_default_billing.desc(), Address.created_at
            )
        )
        .all()
    )
    return [AddressEntry(*row) for row in rows]


def address_of(user_id: uuid.UUID, address_id: uuid.UUID) -> AddressEntry:
    """One entry of this person's address book. Raises :class:`NotFound`, also for somebody else's entry."""
    row = (
        session()
        .execute(sa.select(*_address_columns()).where(Address.user_id == user_id, Address.id == address_id))
        .one_or_none()
    )
    if row is None:
        raise NotFound("address", str(address_id))
    return AddressEntry(*row)


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """One browser in which somebody is signed in."""

    id: uuid.UUID
    user_agent: str
    ip_address: str
    country: str
    started_at: datetime
    last_activity_at: datetime


def sessions_of(user_id: uuid.UUID) -> list[SessionEntry]:
    """The person's live sessions, the last active first."""
    rows = session().execute(
        sa.select(
            UserSession.id,
            sa.func.coalesce(UserSession.user_agent, ""),
            sa.func.coalesce(sa.func.host(UserSession.ip_address), ""),
            sa.func.coalesce(UserSession.location["country"].astext, ""),
            UserSession.created_at,
            UserSession.last_activity_at,
        )
        .where(UserSession.user_id == user_id, UserSession.expires_at > now())
        .order_by(UserSession.last_activity_at.desc(), UserSession.id.desc())
        .limit(100)
    )
    return [SessionEntry(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A user as ``flask users list`` prints it."""

    id: uuid.UUID
    email: str
    name: str
    roles: tuple[str, ...]
    email_verified: bool
    is_active: bool
    last_login_at: datetime | None


def accounts(*, staff_only: bool = False, limit: int = 100) -> list[AccountRow]:
    """Living accounts, the newest first."""
    query = (
        sa.select(
            User.id,
            User.email,
            sa.func.concat_ws(" ", User.first_name, User.last_name),
            User.roles,
            User.email_verified,
            User.is_active,
            User.last_login_at,
        )
        .where(User.deleted_at.is_(None))
        .order_by(User.created_at.desc(), User.id.desc())
        .limit(limit)
    )
    if staff_only:
        query = query.where(User.roles != ["customer"])
    rows = session().execute(query)
    return [AccountRow(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in rows]
