"""The codes of gift cards and promotions: random, or drawn by a form's key, so that a form sent twice draws the same.

Such a code follows from the key and the shop's own secret. The key is in the form alone and kept nowhere: neither
whoever reads the database finds the code, nor whoever chooses a key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from storefront.core.settings import current_settings

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters and digits that people confuse."""


def random_code(length: int) -> str:
    """Characters that can be read out on the phone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def code_of_request(request_key: str, purpose: str, length: int) -> str:
    """The same for a form's key: always the same one for the same ``purpose``."""
    secret = current_settings().secret().encode()
    drawn = hmac.new(secret, f"code\0{purpose}\0{request_key}".encode(), hashlib.sha256).digest()
    number, code = int.from_bytes(drawn, "big"), ""
    while len(code) < length:
        number, place = divmod(number, len(ALPHABET))
        code += ALPHABET[place]
    return code
