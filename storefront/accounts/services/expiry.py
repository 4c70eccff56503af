"""What has had its time: sessions, tokens, codes. Purged by a job; everything here is refused long before."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from storefront.accounts.models import RefreshToken, User, UserSession, VerificationCode
from storefront.core.clock import now
from storefront.core.db import session, transaction

# A spent refresh token must still be known for a while: its re-use revokes the whole family.
_TOKEN_KEPT = timedelta(days=30)
_CODE_KEPT = timedelta(days=1)


def purge_expired() -> dict[str, int]:
    """Delete expired sessions (with their guests' carts), refresh tokens, codes and reset links; how many of each."""
    moment = now()
    return {
        "sessions": _purge(UserSession, UserSession.expires_at < moment),
        "refresh_tokens": _purge(RefreshToken, RefreshToken.expires_at < moment - _TOKEN_KEPT),
        "codes": _purge(VerificationCode, VerificationCode.expires_at < moment - _CODE_KEPT),
        "reset_links": _forget_reset_links(),
    }


def _purge(
    table: type[UserSession] | type[RefreshToken] | type[VerificationCode], expired: sa.ColumnElement[bool]
) -> int:
    with transaction():
        gone = session().scalars(
            sa.delete(table).where(expired).returning(table.id).execution_options(synchronize_session=False)
        )
        return len(gone.all())


def _forget_reset_links() -> int:
    with transaction():
        gone = session().scalars(
            sa.update(User)
            .where(User.password_reset_expires < now())
            .values(password_reset_token=None, password_reset_expires=None)
            .returning(User.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())
