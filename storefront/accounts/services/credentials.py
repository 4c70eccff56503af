"""Passwords at work: signing in, changing one, and the way back in for those who forgot theirs."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa

from storefront.accounts.errors import LinkRefused, SignInRefused, WrongPassword
from storefront.accounts.models import User
from storefront.accounts.passwords import check_new_password, hash_password, needs_rehash, verify_password
from storefront.accounts.queries import Recipient
from storefront.accounts.services.links import Link, issue_link
from storefront.accounts.services.sessions import end_other_sessions
from storefront.accounts.tokens import token_hash
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings

RESET_VALID = timedelta(hours=1)


def authenticate(email: str, password: str) -> uuid.UUID:
    """The id of the user whom ``email`` and ``password`` open; counts the sign-in, renews an outdated hash.

    Raises :class:`SignInRefused` alike, and after the same work, for an unknown address, a wrong password, and an
    account that is blocked or not confirmed yet.
    """
    stored = (
        session()
        .execute(
            sa.select(User.id, User.password_hash, User.email_verified, User.is_active).where(
                User.email == email.strip(), User.deleted_at.is_(None)
            )
        )
        .one_or_none()
    )
    matches = verify_password(stored.password_hash if stored else None, password)
    if stored is None or not matches or not stored.is_active or not stored.email_verified:
        raise SignInRefused
    user_id: uuid.UUID = stored.id
    values = {"last_login_at": now(), "login_count": User.login_count + 1}
    if needs_rehash(stored.password_hash):
        values["password_hash"] = hash_password(password)
    with transaction() as current:
        # Compared again: a password that was changed while we were computing must not let anybody in.
        opened = current.scalar(
            _update(User.id == user_id, User.password_hash == stored.password_hash, User.is_active)
            .values(**values)
            .returning(User.id)
        )
        if opened is None:
            raise SignInRefused
    return user_id


def change_password(identity: Identity, current_password: str, new_password: str) -> int:
    """Set a new password and end all other sessions; returns how many. The owner gets a mail.

    Raises :class:`WrongPassword` and :class:`PasswordRefused`; :class:`NotFound` for a guest.
    """
    user = (
        session()
        .execute(
            sa.select(User.email, User.first_name, User.last_name, User.password_hash).where(
                User.id == identity.user_id, User.deleted_at.is_(None), User.is_active
            )
        )
        .one_or_none()
    )
    if user is None or identity.user_id is None:
        raise NotFound("user")
    if not verify_password(user.password_hash, current_password):
        raise WrongPassword
    check_new_password(
        new_password, (user.email, user.first_name, user.last_name, current_settings().shop_name)
    )
    return _set_password(identity.user_id, user.password_hash, new_password, keep=identity.session_id)


def check_password(user_id: uuid.UUID, password: str) -> None:
    """Make sure that whoever is signed in is the one who made the account. Raises :class:`WrongPassword`, NotFound."""
    living = sa.and_(User.id == user_id, User.deleted_at.is_(None), User.is_active)
    stored = session().execute(sa.select(User.password_hash).where(living)).one_or_none()
    if stored is None:
        raise NotFound("user")
    if not verify_password(stored.password_hash, password):
        raise WrongPassword


def request_password_reset(email: str) -> None:
    """Send a reset link, if there is such an account; silent in any case."""
    with transaction() as current:
        user_id = current.scalar(
            sa.select(User.id).where(User.email == email.strip(), User.deleted_at.is_(None), User.is_active)
        )
        if user_id is not None:
            enqueue("mail.reset_password", user_id=str(user_id))


def issue_password_reset(user_id: uuid.UUID) -> tuple[Recipient, Link] | None:
    """Make the link for the reset mail; earlier ones stop working. None when the account is gone or blocked."""
    return issue_link(
        user_id,
        sa.true(),
        RESET_VALID,
        lambda token: {"password_reset_token": token.hash, "password_reset_expires": token.expires_at},
    )


def reset_password(token: str, new_password: str) -> uuid.UUID:
    """Set a new password by a mailed link; returns the user's id. All sessions end; the link is spent.

    Whoever reads the mailbox has proved the address, so it counts as confirmed. Raises :class:`LinkRefused` and
    :class:`PasswordRefused`; the latter leaves the link as it is.
    """
    hashed = token_hash(token)
    valid = (
        User.password_reset_token == hashed,
        User.password_reset_expires > now(),
        User.deleted_at.is_(None),
        User.is_active,
    )
    user = (
        session()
        .execute(sa.select(User.id, User.email, User.first_name, User.last_name).where(*valid))
        .one_or_none()
    )
    if hashed is None or user is None:
        raise LinkRefused("reset_password")
    check_new_password(
        new_password, (user.email, user.first_name, user.last_name, current_settings().shop_name)
    )
    user_id: uuid.UUID = user.id
    new_hash = hash_password(new_password)
    with transaction() as current:
        spent = current.scalar(
            _update(User.id == user_id, *valid)
            .values(
                password_hash=new_hash,
                password_reset_token=None,
                password_reset_expires=None,
                email_verified=True,
                email_verification_token=None,
            )
            .returning(User.id)
        )
        if spent is None:
            raise LinkRefused("reset_password")
        end_other_sessions(user_id, keep=None)
        enqueue("mail.password_changed", user_id=str(user_id))
    return user_id


def _set_password(
    user_id: uuid.UUID, old_hash: str | None, new_password: str, *, keep: uuid.UUID | None
) -> int:
    new_hash = hash_password(new_password)
    with transaction() as current:
        changed = current.scalar(
            _update(User.id == user_id, User.password_hash == old_hash)
            .values(password_hash=new_hash, password_reset_token=None, password_reset_expires=None)
            .returning(User.id)
        )
        if changed is None:
            raise WrongPassword
        ended = end_other_sessions(user_id, keep=keep)
        enqueue("mail.password_changed", user_id=str(user_id))
    return ended


def _update(*conditions: sa.ColumnExpressionArgument[bool]) -> sa.Update:
    return sa.update(User).where(*conditions).execution_options(synchronize_session=False)
