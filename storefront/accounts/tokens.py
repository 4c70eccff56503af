"""Secrets for mailed links: 256 random bits that carry their own end, stored as a hash only.

The hash covers the end as well, so that nobody can lengthen a link's life by editing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storefront.core.clock import now
from storefront.core.ids import digest, new_secret


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token just made: the secret for the mail, its hash for the row."""

    secret: str
    hash: str
    expires_at: datetime


def new_token(valid_for: timedelta) -> FreshToken:
    """A token that ends ``valid_for`` from now (to the second)."""
    expires_at = (now() + valid_for).replace(microsecond=0)
    secret = f"{int(expires_at.timestamp()):x}.{new_secret()}"
    return FreshToken(secret, digest(secret), expires_at)


def token_hash(secret: str) -> str | None:
    """The hash to look a presented token up by; None for one that is malformed or over."""
    end, dot, random = secret.partition(".")
    if not (dot and random and len(end) <= 12 and all(c in "0123456789abcdef" for c in end) and end):
        return None
    if datetime.fromtimestamp(min(int(end, 16), 2**33), UTC) <= now():
        return None
    return digest(secret)
