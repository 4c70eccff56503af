"""What a cart refuses. Too few units are :class:`storefront.inventory.errors.InsufficientStock`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class UnknownProduct(DomainError):
    """Nothing that is sold here answers to this SKU or id."""

    sku: str


@dataclass
class ChooseVariant(DomainError):
    """The product comes in sizes or colours; one of them must be chosen on its page."""

    product_id: uuid.UUID
    slug: str
    name: str


@dataclass
class QuantityOutOfRange(DomainError):
    """A line holds 1 to ``maximum`` units."""

    quantity: int
    maximum: int = 99


@dataclass
class CartMissing(DomainError):
    """Somebody without a session tried to change a cart. Deliverers make the session first."""


@dataclass
class SavedListFull(DomainError):
    """There is no room for another line that is saved for later."""

    maximum: int


@dataclass
class WishListFull(DomainError):
    """There is no room for another wish."""

    maximum: int


@dataclass
class SignInToShare(DomainError):
    """A guest's wish list ends with their session; it is shared from an account."""
