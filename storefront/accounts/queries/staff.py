"""Accounts as the operator's commands list them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.db import session


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
