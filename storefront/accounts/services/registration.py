"""Sign-up and the confirmation of an e-mail address.

Nobody can find out who has an account here: signing up with an address that has one looks the same from outside,
and only the owner of the mailbox is told. For the same reason an account opens with its first confirmation, which
asks for the mailed link *and* the password: somebody who signed up with a stranger's address gains nothing when
the stranger follows the link.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.emails import normal_email
from storefront.accounts.errors import LinkRefused, WrongPassword
from storefront.accounts.models import User
from storefront.accounts.passwords import check_new_password, hash_password, verify_password
from storefront.accounts.queries import Recipient
from storefront.accounts.services.links import Link, issue_link
from storefront.accounts.tokens import token_hash
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue
from storefront.core.settings import current_settings

VERIFICATION_VALID = timedelta(days=3)


def register(
    email: str, password: str, *, first_name: str = "", last_name: str = "", language: str = "en"
) -> None:
    """Make an account that waits for the confirmation of its address; the mail is on its way.

    For an address with a confirmed account its owner gets a mail that says so. One that still waits takes the new
    password and names and gets a new link. Raises :class:`EmailInvalid` and :class:`PasswordRefused`.
    """
    address = normal_email(email)
    check_new_password(password, (address, first_name, last_name, current_settings().shop_name))
    values = {
        "password_hash": hash_password(password),
        "first_name": first_name.strip() or None,
        "last_name": last_name.strip() or None,
        "language": language,
    }
    with transaction() as current:
        made = current.scalar(
            insert(User)
            .values(id=new_id(), email=address, **values)
            .on_conflict_do_nothing(index_elements=[User.email], index_where=User.deleted_at.is_(None))
            .returning(User.id)
        )
        if made is not None:
            enqueue("mail.verify_email", user_id=str(made))
            return
        known = current.execute(
            sa.select(User.id, User.email_verified)
            .where(User.email == address, User.deleted_at.is_(None))
            .with_for_update()
        ).one()
        if known.email_verified:
            enqueue("mail.account_exists", user_id=str(known.id))
            return
        current.execute(_update(known.id, **values))
        enqueue("mail.verify_email", user_id=str(known.id))


def request_verification(email: str) -> None:
    """Send the confirmation link again, if there is an account that waits for it; silent in any case."""
    with transaction() as current:
        user_id = current.scalar(
            sa.select(User.id).where(
                User.email == email.strip(),
                User.deleted_at.is_(None),
                User.is_active,
                sa.not_(User.email_verified),
            )
        )
        if user_id is not None:
            enqueue("mail.verify_email", user_id=str(user_id))


def issue_verification(user_id: uuid.UUID) -> tuple[Recipient, Link] | None:
    """Make the link for the confirmation mail; earlier ones stop working. None when there is nothing to confirm."""
    return issue_link(
        user_id,
        sa.not_(User.email_verified),
        VERIFICATION_VALID,
        lambda token: {"email_verification_token": token.hash},
    )


def verify_email(token: str, password: str) -> uuid.UUID:
    """Confirm the address: the mailed ``token`` and the account's password together; returns the user's id.

    Raises :class:`LinkRefused` for a link that is spent, replaced or over, and :class:`WrongPassword`, which
    leaves the link as it is.
    """
    hashed = token_hash(token)
    waiting = (User.email_verification_token == hashed, User.deleted_at.is_(None), User.is_active)
    stored = session().execute(sa.select(User.id, User.password_hash).where(*waiting)).one_or_none()
    if hashed is None or stored is None:
        raise LinkRefused("verify_email")
    user_id: uuid.UUID = stored.id
    if not verify_password(stored.password_hash, password):
        raise WrongPassword
    with transaction() as current:
        confirmed = current.scalar(
            sa.update(User)
            .where(*waiting, User.id == user_id, User.password_hash == stored.password_hash)
            .values(email_verified=True, email_verification_token=None)
            .returning(User.id)
            .execution_options(synchronize_session=False)
        )
        if confirmed is None:
            raise LinkRefused("verify_email")
    return user_id


def _update(user_id: uuid.UUID, **values: object) -> sa.Update:
    return (
        sa.update(User)
        .where(User.id == user_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
