"""What people see of their own account: profile, address book, browsers. Asked for by its owner's id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import Address, User, UserSession
from storefront.accounts.queries.signed_in import may_sign_in
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.errors import NotFound


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
