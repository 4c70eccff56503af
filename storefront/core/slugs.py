"""Slugs: names as they stand in addresses."""

from __future__ import annotations

import re
import unicodedata

_SPELLED_OUT = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "þ": "th", "&": " and "}
)


def slugify(text: str, longest: int = 80) -> str:
    """``text`` in lower-case ASCII letters, digits and single hyphens, at most ``longest`` characters.

    A text without any such letter gives an empty slug; callers put an id or SKU in its place.
    """
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_SPELLED_OUT))
    without_accents = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", "-", without_accents).strip("-")[:longest].strip("-")
