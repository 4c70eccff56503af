"""What the stock does not give."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class InsufficientStock(DomainError):
    """Fewer units than wanted can be sold. ``available`` 0 means sold out."""

    product_id: uuid.UUID
    name: str
    wanted: int
    available: int
