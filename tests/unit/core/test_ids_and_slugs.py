from __future__ import annotations

import re

import pytest

from storefront.core.ids import digest, new_id, new_order_number, new_secret
from storefront.core.slugs import slugify


def test_keys_are_ordered_by_time() -> None:
    keys = [new_id() for _ in range(200)]
    assert keys == sorted(keys)
    assert {key.version for key in keys} == {7}


def test_order_numbers_are_readable_and_apart() -> None:
    numbers = {new_order_number() for _ in range(2_000)}
    assert len(numbers) == 2_000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{8}", number) for number in numbers)


def test_a_digest_is_no_secret() -> None:
    secret = new_secret()
    assert len(secret) >= 43
    assert digest(secret) != secret
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Tents & Shelter", "tents-and-shelter"),
        ("Größe: 43 ½", "grosse-43-1-2"),
        ("  --Æther/Øl--  ", "aether-ol"),
        ("日本", ""),
        ("x" * 100, "x" * 80),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert slugify(text) == slug
