"""How one buyer's order is taxed: with the tax in its prices, with the tax on top, or without any. No database.

The catalog has one price for everybody. A buyer who is shown prices without tax, and one who owes the tax themself,
gets each price less the tax it contains, rounded once, per unit; all else is computed from those prices. What
promotions take off is brought down with them, so that a company's discount is the consumer's without its tax.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from storefront.core.money import ZERO, percent_of, round_money, spread, without_tax
from storefront.pricing.snapshot import CartSnapshot
from storefront.pricing.totals import TaxRule


@dataclass(frozen=True, slots=True)
class Taxation:
    """``rule`` is what the order is computed with, ``catalog`` what the catalog's prices contain, None for nothing."""

    rule: TaxRule
    catalog: TaxRule | None = None

    def snapshot(self, catalog: CartSnapshot) -> CartSnapshot:
        """The cart at the prices of this buyer."""
        if self.catalog is None:
            return catalog
        lines = (
            replace(line, unit_price=self.own_price(line.unit_price, line.category_id))
            for line in catalog.lines
        )
        return replace(catalog, lines=tuple(lines))

    def own_price(self, price: Decimal, category_id: uuid.UUID | None) -> Decimal:
        """A price of the catalog as this buyer pays it."""
        return price if self.catalog is None else without_tax(price, self.catalog.rate_of(category_id))

    def shipping(self, amount: Decimal) -> Decimal:
        """A price of shipping as this buyer pays it."""
        return amount if self.catalog is None else without_tax(amount, self.catalog.rate)

    def catalog_price(self, own: Decimal, category_id: uuid.UUID | None) -> Decimal:
        """A price of the catalog that is ``own`` for this buyer: brought down again it is the same cents."""
        return own if self.catalog is None else own + percent_of(own, self.catalog.rate_of(category_id))

    def catalog_shipping(self, own: Decimal) -> Decimal:
        """The same for a price of shipping."""
        return own if self.catalog is None else own + percent_of(own, self.catalog.rate)

    def parts(
        self, catalog: CartSnapshot, reductions: Sequence[Sequence[Decimal]]
    ) -> list[tuple[Decimal, ...]]:
        """``reductions`` (of each promotion what it takes off each line) at the prices of this buyer."""
        if self.catalog is None:
            return [tuple(parts) for parts in reductions]
        own = self.snapshot(catalog)
        columns = [
            brought_down([parts[place] for parts in reductions], line.total, own.lines[place].total)
            for place, line in enumerate(catalog.lines)
        ]
        return [tuple(column[which] for column in columns) for which in range(len(reductions))]


def brought_down(parts: Sequence[Decimal], whole: Decimal, smaller: Decimal) -> list[Decimal]:
    """``parts`` of ``whole`` as parts of ``smaller``: all of the one stays all of the other, no cent is lost."""
    together = sum(parts, ZERO)
    if not together:
        return [ZERO for _ in parts]
    amount = smaller if together >= whole else min(round_money(together * smaller / whole), smaller)
    return spread(amount, parts)


def taxation(
    rule: TaxRule, *, is_reverse_charge: bool = False, shows_net: bool = False, catalog_has_tax: bool = True
) -> Taxation:
    """How to tax an order that goes where ``rule`` holds.

    ``catalog_has_tax`` False: tax comes on top of the catalog's prices everywhere.
    """
    contained = rule if catalog_has_tax and rule.is_inclusive and rule.treatment == "taxed" else None
    if is_reverse_charge:
        return Taxation(TaxRule(is_inclusive=False, treatment="reverse_charge"), contained)
    if contained is not None and shows_net:
        return Taxation(replace(rule, is_inclusive=False), contained)
    if not catalog_has_tax:
        return Taxation(replace(rule, is_inclusive=False))
    return Taxation(rule)
