"""A postal address as an order keeps it: its own copy, in one jsonb value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where something goes. ``country`` is the ISO 3166 code."""

    full_name: str
    line1: str
    postal_code: str
    city: str
    country: str
    company: str = ""
    line2: str = ""
    region: str = ""
    phone: str = ""

    def stored(self) -> dict[str, Any]:
        """The address as jsonb, without its empty parts."""
        return {key: value for key, value in asdict(self).items() if value}


def address_from(stored: Mapping[str, Any]) -> PostalAddress:
    """The address in a stored value; parts that are missing (an erased person's) are empty."""
    return PostalAddress(**{part.name: str(stored.get(part.name) or "") for part in fields(PostalAddress)})
