"""People and what lets them in: users, sessions, tokens, keys, permissions, addresses."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    LIVING,
    IpAddress,
    country_check,
    gin,
    one_of,
)
from storefront.core.db import Base, Created, Identified, SoftDeleted, Timestamped

STAFF_ROLES = ("admin", "manager", "support", "catalog_editor")
ROLES = ("customer", *STAFF_ROLES)
SUBSCRIPTION_STATUSES = ("incomplete", "trialing", "active", "past_due", "cancelled", "expired")
CONSENT_PURPOSES = ("cart_reminder",)
CONSENT_SOURCES = ("account", "checkout")
CODE_PURPOSES = ("order_access", "email_change", "conversation_identity")


class User(Identified, Timestamped, SoftDeleted, Base):
    """A person with an account: shopper, staff or both. The hashes are loaded only when asked for."""

    __tablename__ = "users"
    __table_args__ = (
        sa.CheckConstraint(
            r"email ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$'", name="email_format"
        ),
        sa.CheckConstraint("usage_limit >= 0", name="usage_limit_not_negative"),
        sa.CheckConstraint("login_count >= 0", name="login_count_not_negative"),
        sa.Index("uq_users_email_living", "email", unique=True, postgresql_where=LIVING),
        sa.Index("uq_users_username_living", "username", unique=True, postgresql_where=LIVING),
        sa.Index("ix_users_is_active", "is_active", postgresql_where=LIVING),
        sa.Index(
            "uq_users_email_verification_token",
            "email_verification_token",
            unique=True,
            postgresql_where=sa.text("email_verification_token IS NOT NULL"),
        ),
        sa.Index(
            "uq_users_password_reset_token",
            "password_reset_token",
            unique=True,
            postgresql_where=sa.text("password_reset_token IS NOT NULL"),
        ),
        gin("ix_users_roles", "roles"),
        gin("ix_users_metadata", "metadata"),
    )

    email: Mapped[str] = mapped_column(CITEXT)
    username: Mapped[str | None] = mapped_column(CITEXT)
    password_hash: Mapped[str | None] = mapped_column(deferred=True, deferred_group="secrets")
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    phone: Mapped[str | None]
    company_name: Mapped[str | None]
    avatar_url: Mapped[str | None]
    email_verified: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    email_verification_token: Mapped[str | None] = mapped_column(deferred=True, deferred_group="secrets")
    password_reset_token: Mapped[str | None] = mapped_column(deferred=True, deferred_group="secrets")
    password_reset_expires: Mapped[datetime | None] = mapped_column(deferred=True, deferred_group="secrets")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    roles: Mapped[list[str]] = mapped_column(server_default=sa.text("'{customer}'::text[]"))
    subscription_tier: Mapped[str] = mapped_column(default="standard", server_default="standard")
    usage_limit: Mapped[int] = mapped_column(default=200, server_default="200")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)
    last_login_at: Mapped[datetime | None]
    login_count: Mapped[int] = mapped_column(default=0, server_default="0")


class UserSession(Identified, Timestamped, Base):
    """One browser's session, guest or signed in. The cookie holds the secret, this row its SHA-256."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        sa.Index("ix_user_sessions_user_id", "user_id"),
        sa.Index("ix_user_sessions_expires_at", "expires_at"),
    )

    session_token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    data: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    ip_address: Mapped[str | None] = mapped_column(IpAddress)
    user_agent: Mapped[str | None]
    location: Mapped[dict[str, Any] | None]
    expires_at: Mapped[datetime]
    last_activity_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class RefreshToken(Identified, Created, Base):
    """One link of a rotation chain; re-use of a spent one revokes its whole family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        sa.Index("ix_refresh_tokens_user_id", "user_id"),
        sa.Index("ix_refresh_tokens_family_id", "family_id"),
        sa.Index("ix_refresh_tokens_expires_at", "expires_at"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    family_id: Mapped[uuid.UUID]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    ip_address: Mapped[str | None] = mapped_column(IpAddress)
    user_agent: Mapped[str | None]
    replaced_by: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("refresh_tokens.id", ondelete="SET NULL"), index=True
    )


class ApiKey(Identified, Timestamped, SoftDeleted, Base):
    """A program's key: shown once when made, kept as a prefix people recognise and a hash."""

    __tablename__ = "api_keys"
    __table_args__ = (
        sa.CheckConstraint("rate_limit > 0", name="rate_limit_positive"),
        sa.Index("uq_api_keys_key_hash_living", "key_hash", unique=True, postgresql_where=LIVING),
        sa.Index("ix_api_keys_user_id", "user_id", postgresql_where=sa.text("user_id IS NOT NULL")),
        sa.Index("ix_api_keys_is_active", "is_active", postgresql_where=LIVING),
    )

    name: Mapped[str]
    key_prefix: Mapped[str]
    key_hash: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    permissions: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    rate_limit: Mapped[int] = mapped_column(default=1000, server_default="1000")
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class Permission(Identified, Created, Base):
    """What somebody may do to what. Seeded by a migration; every staff action names one."""

    __tablename__ = "permissions"
    __table_args__ = (sa.UniqueConstraint("resource", "action"),)

    resource: Mapped[str]
    action: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")


class RolePermission(Created, Base):
    """A role's permission."""

    __tablename__ = "role_permissions"
    __table_args__ = (sa.Index("ix_role_permissions_permission_id", "permission_id"),)

    role: Mapped[str] = mapped_column(primary_key=True)
    permission_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("permissions.id", ondelete="CASCADE"), primary_key=True
    )


class Subscription(Identified, Timestamped, Base):
    """A membership plan somebody has; it raises their tier (assistant quota, free shipping).

    ``provider_reference`` is the payment provider's name for it, None while it is being begun: once per person. The
    plan is of a layer above; ``plan_name`` and ``price_id`` are what it was called and cost when it began.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        one_of("status", SUBSCRIPTION_STATUSES),
        sa.CheckConstraint("current_period_end > current_period_start", name="period_has_length"),
        sa.Index("ix_subscriptions_user_id", "user_id"),
        sa.Index(
            "uq_subscriptions_running",
            "user_id",
            unique=True,
            postgresql_where=sa.text("status IN ('trialing', 'active', 'past_due')"),
        ),
        sa.Index(
            "uq_subscriptions_beginning",
            "user_id",
            unique=True,
            postgresql_where=sa.text("status = 'incomplete' AND provider_reference IS NULL"),
        ),
        sa.Index("ix_subscriptions_plan_id", "plan_id"),
        sa.Index("ix_subscriptions_status_current_period_end", "status", "current_period_end"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    plan_name: Mapped[str]
    price_id: Mapped[str]
    status: Mapped[str]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    plan_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership_plans.id"))
    provider_reference: Mapped[str | None] = mapped_column(unique=True)


class Consent(Identified, Base):
    """What a person agreed to, where, and from when to when. A new yes is a new row: the old ones are the proof."""

    __tablename__ = "consents"
    __table_args__ = (
        one_of("purpose", CONSENT_PURPOSES),
        one_of("source", CONSENT_SOURCES),
        sa.CheckConstraint("withdrawn_at >= given_at", name="withdrawn_after_given"),
        sa.Index(
            "uq_consents_standing",
            "user_id",
            "purpose",
            unique=True,
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
        sa.Index("ix_consents_user_id", "user_id"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    source: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    withdrawn_at: Mapped[datetime | None]


class Address(Identified, Timestamped, Base):
    """An entry of a shopper's address book. Orders keep their own copy."""

    __tablename__ = "addresses"
    __table_args__ = (
        country_check(),
        sa.Index("ix_addresses_user_id", "user_id"),
        sa.Index(
            "uq_addresses_default_shipping",
            "user_id",
            unique=True,
            postgresql_where=sa.text("is_default_shipping"),
        ),
        sa.Index(
            "uq_addresses_default_billing",
            "user_id",
            unique=True,
            postgresql_where=sa.text("is_default_billing"),
        ),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    label: Mapped[str | None]
    name: Mapped[str]
    company: Mapped[str | None]
    line1: Mapped[str]
    line2: Mapped[str | None]
    city: Mapped[str]
    region: Mapped[str | None]
    postal_code: Mapped[str]
    country: Mapped[str]
    phone: Mapped[str | None]
    is_default_shipping: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    is_default_billing: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class VerificationCode(Identified, Created, Base):
    """A six-digit code that was sent to ``subject`` (an e-mail address): few tries, short life, used once."""

    __tablename__ = "verification_codes"
    __table_args__ = (
        one_of("purpose", CODE_PURPOSES),
        sa.CheckConstraint("tries_left >= 0", name="tries_left_not_negative"),
        sa.Index("ix_verification_codes_subject", "subject", "purpose"),
        sa.Index("ix_verification_codes_expires_at", "expires_at"),
    )

    purpose: Mapped[str]
    subject: Mapped[str] = mapped_column(CITEXT)
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user_sessions.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[str]
    tries_left: Mapped[int] = mapped_column(default=5, server_default="5")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
