"""What reminders refuse."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class NothingToWaitFor(DomainError):
    """The product is in stock, is not sold at all, or is one whose variant must be chosen first."""

    product_id: uuid.UUID
