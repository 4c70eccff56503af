"""What cannot be delivered."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class MethodUnavailable(DomainError):
    """This way of shipping does not go to this country (any more)."""

    method: str
    country: str
