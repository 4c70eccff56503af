"""What people agree to, and how they take it back."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.models import Consent
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.ids import new_id


def give_consent(user_id: uuid.UUID, purpose: str, source: str) -> bool:
    """The person agrees from now on; False when they did already, whose moment then stays."""
    with transaction():
        given = insert(Consent).values(
            id=new_id(), user_id=user_id, purpose=purpose, source=source, given_at=now()
        )
        once = given.on_conflict_do_nothing(
            index_elements=[Consent.user_id, Consent.purpose], index_where=sa.text("withdrawn_at IS NULL")
        )
        return session().scalar(once.returning(Consent.id)) is not None


def withdraw_consent(user_id: uuid.UUID, purpose: str) -> bool:
    """The person agrees no longer; False when they did not anyway."""
    standing = sa.and_(Consent.user_id == user_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
    with transaction():
        moment = sa.func.greatest(Consent.given_at, now())
        return bool(write(sa.update(Consent).where(standing).values(withdrawn_at=moment)))
