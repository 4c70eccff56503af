from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storefront.accounts.tokens import new_token, token_hash
from storefront.core.clock import frozen

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_a_token_is_known_by_its_hash_until_its_end() -> None:
    with frozen(NOON):
        token = new_token(timedelta(hours=1))
        assert token_hash(token.secret) == token.hash
    with frozen(NOON + timedelta(minutes=59, seconds=59)):
        assert token_hash(token.secret) == token.hash
    with frozen(NOON + timedelta(hours=1)):
        assert token_hash(token.secret) is None


def test_lengthening_the_end_makes_another_token() -> None:
    with frozen(NOON):
        token = new_token(timedelta(hours=1))
    later = f"{int((NOON + timedelta(days=9)).timestamp()):x}"
    forged = f"{later}.{token.secret.partition('.')[2]}"
    with frozen(NOON + timedelta(hours=2)):
        assert token_hash(forged) != token.hash


@pytest.mark.parametrize(
    "secret", ["", ".", "abc", "zz.secret", ".secret", "ffffffffffffffffffff.secret", "-1.secret", "é.x"]
)
def test_malformed_tokens_have_no_hash(secret: str) -> None:
    assert token_hash(secret) is None


def test_tokens_hold_256_random_bits() -> None:
    token = new_token(timedelta(hours=1))
    assert len(token.secret.partition(".")[2]) == 43  # 32 bytes in base64
    assert len(token.hash) == 64
