"""Identifiers: keys for rows, secrets for people, numbers for orders."""

from __future__ import annotations

import hashlib
import secrets
import uuid

import uuid6

# Crockford's alphabet without the letters people confuse with digits or with each other.
_ORDER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> uuid.UUID:
    """A time-ordered key (UUID version 7, RFC 9562): inserts stay at the right edge of the index."""
    return uuid.UUID(int=uuid6.uuid7().int)


def new_secret() -> str:
    """A 256-bit random value, URL-safe. Only its :func:`digest` is ever stored."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The SHA-256 of a secret as hex. Enough for 256-bit random values; passwords take argon2id."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_order_number() -> str:
    """Eight characters that can be read out on the phone and not guessed in sequence (30^8)."""
    return "".join(secrets.choice(_ORDER_ALPHABET) for _ in range(8))
