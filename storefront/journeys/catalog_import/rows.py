"""One product of a feed, in the shop's own terms, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


class RowRefused(ValueError):
    """A row that cannot become a product; the text says why, for the person who made the feed."""


@dataclass(slots=True)
class ProductRow:
    """A product or variant. Prices are per unit, weight in kilograms, stock in units (None: leave it).

    ``fields`` names what the feed gave, so that an update touches nothing else.
    """

    line: int
    sku: str
    parent_sku: str | None = None
    name: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None
    stock: int | None = None
    low_stock_threshold: int | None = None
    weight: Decimal | None = None
    barcode: str | None = None
    short_description: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    specifications: dict[str, str | list[str]] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    is_featured: bool = False
    is_active: bool = True
    published_at: datetime | None = None
    fields: frozenset[str] = frozenset()

    def check(self) -> None:
        """Raises :class:`RowRefused` for what the database would refuse, in words."""
        if not self.sku:
            raise RowRefused("no SKU")
        if len(self.sku) > 100:
            raise RowRefused("the SKU is longer than 100 characters")
        if not self.name:
            raise RowRefused("no name")
        if self.price is None:
            raise RowRefused("no price")
        for label, amount in (("price", self.price), ("cost", self.cost), ("weight", self.weight)):
            if amount is not None and amount < 0:
                raise RowRefused(f"the {label} is negative: {amount}")
        if self.price >= Decimal(10) ** 10:
            raise RowRefused(f"the price is out of range: {self.price}")
        if self.compare_at_price is not None and self.compare_at_price <= self.price:
            raise RowRefused(
                f"the price before ({self.compare_at_price}) is not above the price ({self.price})"
            )
        if self.stock is not None and not 0 <= self.stock <= 10_000_000:
            raise RowRefused(f"the stock is out of range: {self.stock}")
        if self.low_stock_threshold is not None and self.low_stock_threshold < 0:
            raise RowRefused(f"the low stock threshold is negative: {self.low_stock_threshold}")
        if self.parent_sku == self.sku:
            raise RowRefused("the row names itself as its parent")
        if bool(self.parent_sku) != bool(self.options):
            raise RowRefused(
                "a variant needs options such as size or colour"
                if self.parent_sku
                else "options without a parent"
            )
