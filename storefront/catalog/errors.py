"""What the catalog refuses."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class ProductChangedMeanwhile(DomainError):
    """Somebody else saved the product since it was opened: ``version`` was edited, ``current`` is stored."""

    product_id: uuid.UUID
    version: int
    current: int


@dataclass
class SlugTaken(DomainError):
    """Another living product already answers to this slug."""

    slug: str


@dataclass
class PriceNotBelowFormer(DomainError):
    """The former price, shown struck through, must be above the price."""

    price: str
    compare_at_price: str


@dataclass
class BackorderLimitTooLow(DomainError):
    """More units than that are held or sold already beyond the stock: ``waiting``."""

    waiting: int
