"""Links in mails: made when the mail is sent, so that no secret ever waits in the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.accounts.queries import Recipient
from storefront.accounts.tokens import FreshToken, new_token
from storefront.core.db import transaction


@dataclass(frozen=True, slots=True)
class Link:
    """What goes into a mail: the secret, and until when it works."""

    token: str
    expires_at: datetime


def issue_link(
    user_id: uuid.UUID,
    condition: sa.ColumnElement[bool],
    valid_for: timedelta,
    columns: Callable[[FreshToken], Mapping[str, Any]],
) -> tuple[Recipient, Link] | None:
    """Store a fresh token's hash in ``columns`` of the living user, if ``condition`` holds for them."""
    token = new_token(valid_for)
    with transaction() as current:
        row = current.execute(
            sa.update(User)
            .where(User.id == user_id, User.deleted_at.is_(None), User.is_active, condition)
            .values(**columns(token))
            .returning(User.email, User.first_name, User.last_name, User.language)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return None if row is None else (Recipient(*row), Link(token.secret, token.expires_at))
