"""Passwords: argon2id to keep them, a length and a guess-ability rule to accept them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storefront.accounts.errors import PasswordRefused

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 256

# OWASP's password storage cheat sheet: 19 MiB, two passes, one lane. Argon2's own default of 64 MiB would let
# a handful of simultaneous sign-ins take half a gigabyte from a small machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash of ``password`` with its parameters and a fresh salt."""
    return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether ``password`` belongs to the hash. Without a hash it takes as long and is False."""
    try:
        matches = _hasher.verify(stored or _hash_of_nothing(), password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with older parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def random_password() -> str:
    """A password for a person to type once: four groups of five, about 100 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


@cache
def _hash_of_nothing() -> str:
    """What an unknown e-mail address is compared with, so that it takes as long as a known one."""
    return _hasher.hash(secrets.token_urlsafe(32))


def check_new_password(password: str, personal: Iterable[str | None] = ()) -> None:
    """Raise :class:`PasswordRefused` for a password that is short, common, or made of ``personal`` words.

    ``personal`` are the person's e-mail address and names, and the shop's. The rules follow NIST SP 800-63B:
    length and known passwords, no demands for digits and signs.
    """
    if len(password) < MINIMUM_LENGTH:
        raise PasswordRefused("too_short", MINIMUM_LENGTH, MAXIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        raise PasswordRefused("too_long", MINIMUM_LENGTH, MAXIMUM_LENGTH)
    if _is_personal(password, personal):
        raise PasswordRefused("personal", MINIMUM_LENGTH, MAXIMUM_LENGTH)
    if _is_guessable(password):
        raise PasswordRefused("common", MINIMUM_LENGTH, MAXIMUM_LENGTH)


def _is_personal(password: str, personal: Iterable[str | None]) -> bool:
    """The password is one of these words, perhaps with a few characters around it."""
    lowered = password.casefold()
    for value in personal:
        for word in {(value or "").casefold(), (value or "").partition("@")[0].casefold()}:
            if len(word) >= 4 and word in lowered and len(lowered) - len(word) < 5:
                return True
    return False


def _is_guessable(password: str) -> bool:
    # Loaded at the first new password only: its word lists weigh several megabytes.
    from zxcvbn import zxcvbn

    # Beyond 72 characters the estimate becomes slow and the answer is the same.
    return bool(zxcvbn(password[:72])["guesses_log10"] < _LEAST_GUESSES_LOG10)


_LEAST_GUESSES_LOG10 = 6.0
