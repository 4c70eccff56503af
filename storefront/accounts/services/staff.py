"""Staff: accounts with roles, and the one question every staff service asks first."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from storefront.accounts.errors import EmailTaken, UnknownRole
from storefront.accounts.models import STAFF_ROLES, User
from storefront.accounts.passwords import hash_password, random_password
from storefront.accounts.queries import user_by_id
from storefront.analytics.services import record_audit
from storefront.core.db import transaction
from storefront.core.errors import NotAllowed
from storefront.core.ids import new_id


def require_permission(user_id: uuid.UUID | None, resource: str, action: str) -> None:
    """Raise :class:`NotAllowed` unless one of the user's roles grants ``resource``:``action`` right now.

    Asked in the service, in its transaction: a right that was taken away a second ago is gone.
    """
    user = user_by_id(user_id) if user_id else None
    if user is None or not user.may(resource, action):
        raise NotAllowed(resource, action)


def create_staff(
    email: str,
    *,
    role: str = "admin",
    first_name: str | None = None,
    last_name: str | None = None,
    actor_id: uuid.UUID | None = None,
) -> tuple[uuid.UUID, str]:
    """Make an account with a staff role; returns its id and its random password, which is kept nowhere.

    Whoever calls has checked the right to do so (the command line needs none). The e-mail address counts as
    confirmed: the operator vouches for it. Raises :class:`EmailTaken` and :class:`UnknownRole`.
    """
    if role not in STAFF_ROLES:
        raise UnknownRole(role, STAFF_ROLES)
    user_id, password = new_id(), random_password()
    with transaction() as current:
        if current.scalar(sa.select(User.id).where(User.email == email, User.deleted_at.is_(None))):
            raise EmailTaken(email)
        current.execute(
            sa.insert(User).values(
                id=user_id,
                email=email,
                password_hash=hash_password(password),
                first_name=first_name,
                last_name=last_name,
                roles=["customer", role],
                email_verified=True,
            )
        )
        record_audit(
            actor_id, "create", "users", user_id, {"roles": {"before": [], "after": ["customer", role]}}
        )
    return user_id, password
