"""Which texts may name a person: they are logged, but counted nowhere and suggested to nobody."""

from __future__ import annotations

import re

# An address, or a number with the code of its country.
_CERTAINLY = re.compile(r"@|\+\s?\(?\d{2}")
# Six digits or more, in a row or with what people write between the parts of a telephone number.
_NUMBER = re.compile(r"\(?\d(?:[\s()./–-]{0,3}\d){5,}")
_PARTED = re.compile(r"\d[\s()./–-]+\d")


def is_personal(text: str, *, is_found: bool) -> bool:
    """Whether ``text`` holds an e-mail address or something like a telephone number.

    ``is_found``: products hold every word of it as it was typed. Then a number is theirs, a code, an EAN or a measure,
    unless it is written as only telephone numbers are: in parts, with a zero or a bracket at the beginning.
    """
    if _CERTAINLY.search(text):
        return True
    numbers = [number[0] for number in _NUMBER.finditer(text)]
    if not is_found:
        return bool(numbers)
    return any(number[0] in "(0" and _PARTED.search(number) for number in numbers)
