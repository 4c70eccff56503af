"""Whom the shop writes to, what about, and which links of its letters still count."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storefront.accounts.models import Consent, User
from storefront.accounts.queries.signed_in import may_sign_in
from storefront.accounts.tokens import token_hash
from storefront.core.clock import now
from storefront.core.db import session

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
