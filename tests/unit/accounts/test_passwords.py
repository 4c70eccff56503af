from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from storefront.accounts.errors import PasswordRefused
from storefront.accounts.passwords import (
    check_new_password,
    hash_password,
    needs_rehash,
    random_password,
    verify_password,
)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-one", "too_short"),
        ("x" * 257, "too_long"),
        ("password123", "common"),
        ("Password12345", "common"),
        ("qwertyuiop", "common"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("1234567890", "common"),
        ("iloveyou2024", "common"),
        ("ada.lovelace1", "personal"),
        ("Lovelace!99", "common"),
    ],
)
def test_refuses_what_is_easy_to_guess(password: str, reason: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        check_new_password(password, ("ada.lovelace@example.com", "Ada", "Lovelace"))
    assert refused.value.reason in (reason, "personal")
    assert refused.value.minimum == 10


@pytest.mark.parametrize(
    "password", ["seven-quiet-otters", "correct horse battery staple", "Zeltplatz 47 am See"]
)
def test_takes_ordinary_phrases_without_asking_for_signs(password: str) -> None:
    check_new_password(password, ("ada@example.com", "Ada", None))


def test_a_hash_is_argon2id_and_opens_for_its_password_only() -> None:
    stored = hash_password("seven-quiet-otters")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("seven-quiet-otters") != stored
    assert verify_password(stored, "seven-quiet-otters")
    assert not verify_password(stored, "seven-quiet-otter")
    assert not verify_password(None, "seven-quiet-otters")
    assert not verify_password("not a hash", "seven-quiet-otters")


def test_hashes_with_other_parameters_ask_for_a_new_one() -> None:
    assert needs_rehash(
        PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("seven-quiet-otters")
    )
    assert not needs_rehash(hash_password("seven-quiet-otters"))


def test_random_passwords_pass_the_shops_own_rules() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_new_password(password)
