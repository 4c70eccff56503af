"""Addresses in letters that open one thing each, without a sign-in: signed, so that nobody can make another one.

The database keeps nothing of them, and a letter that is sent twice has the same one twice. What they open must be
harmless in the hands of whoever a letter is passed on to.
"""

from __future__ import annotations

import hashlib
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

from storefront.core.clock import now
from storefront.core.errors import NotFound
from storefront.core.settings import current_settings

Purpose = Literal["confirm_alert", "stop_alert", "stop_cart_reminder", "open_cart"]


def sign_link(purpose: Purpose, key: uuid.UUID) -> str:
    """The token that opens ``purpose`` of the thing with this key; about 70 characters."""
    plain = urlsafe_b64encode(key.bytes).decode().rstrip("=")
    return _signer(purpose).sign(plain).decode()


def read_link(purpose: Purpose, token: str, *, days: int | None = None) -> uuid.UUID:
    """The key in a token of ours. Raises :class:`NotFound` for any other, and for one older than ``days``."""
    try:
        age = None if days is None else days * 86_400
        plain = _signer(purpose).unsign(token.encode("ascii", "replace")[:200], max_age=age)
        return uuid.UUID(bytes=urlsafe_b64decode(plain + b"=="))
    except (BadSignature, SignatureExpired, ValueError):
        raise NotFound("link") from None


class _Signer(TimestampSigner):
    """Reads the shop's own clock."""

    def get_timestamp(self) -> int:
        """Seconds since 1970."""
        return int(now().timestamp())


def _signer(purpose: Purpose) -> _Signer:
    settings = current_settings()
    previous = settings.secret_key_previous
    keys = [previous.get_secret_value()] if previous else []
    # The last key signs, all of them are believed.
    return _Signer([*keys, settings.secret()], salt=f"storefront.{purpose}", digest_method=hashlib.sha256)
