"""What is being bought, at one moment: the typed picture that pricing, shipping and promotions read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from storefront.catalog.queries import Image
from storefront.core.money import ZERO


@dataclass(frozen=True, slots=True)
class LineSnapshot:
    """One line: the product as it is now and how many are wanted.

    ``unit_price`` is the price of today; ``seen_price`` the one the shopper last saw. ``available`` is how many
    units could be sold now, ``on_shelf`` how many of them are there (None: nobody asked). ``slug`` names the page of
    the product, for a variant that of its parent. ``weight`` is kilograms per unit, ``category_id`` decides the tax;
    ``category_path`` holds the categories above it, for promotions.
    """

    product_id: uuid.UUID
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    available: int
    slug: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    image: Image | None = None
    seen_price: Decimal | None = None
    weight: Decimal = Decimal(0)
    category_id: uuid.UUID | None = None
    parent_id: uuid.UUID | None = None
    brand_id: uuid.UUID | None = None
    category_path: tuple[uuid.UUID, ...] = ()
    on_shelf: int | None = None

    @property
    def backordered(self) -> int:
        """How many of the wanted units have to arrive first."""
        return 0 if self.on_shelf is None else max(0, self.quantity - self.on_shelf)

    @property
    def total(self) -> Decimal:
        """Unit price times quantity."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class CartSnapshot:
    """All lines that can be bought, in the order they were added, with the currency of their prices."""

    lines: tuple[LineSnapshot, ...]
    currency: str

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines, before discounts, shipping and tax on top."""
        return sum((line.total for line in self.lines), ZERO)

    @property
    def quantity(self) -> int:
        """How many units there are."""
        return sum(line.quantity for line in self.lines)

    @property
    def weight(self) -> Decimal:
        """Kilograms, all units together."""
        return sum((line.weight * line.quantity for line in self.lines), Decimal(0))
