"""Who is signed in: the user with their permissions, alone or in somebody else's statement."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import Permission, RolePermission, User
from storefront.core.db import session


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
    language: str = "en"

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
        User.language,
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
        language=row.language,
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
