"""From a cart snapshot to what is paid: discounts spread, tax per line, sums that agree to the cent.

The rounding rule: discounts are spread over the lines by largest remainder, so that the parts sum to the
whole; tax is computed and rounded half-even per line and for the shipping; everything above is a sum of
rounded amounts and is never rounded again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from storefront.core.money import ZERO, included_tax, percent_of, spread
from storefront.pricing.snapshot import CartSnapshot

Treatment = Literal["taxed", "reverse_charge", "untaxed"]
"""Whether the shop charges tax, the buyer owes it instead, or nobody does where the goods go."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """Tax where the goods go: per cent, by category where the country has more than one rate.

    ``is_inclusive`` says that the shop's prices already contain it; ``treatment`` why there is none, if there is none.
    """

    rate: Decimal = Decimal(0)
    is_inclusive: bool = True
    by_category: Mapping[uuid.UUID, Decimal] = field(default_factory=dict)
    treatment: Treatment = "taxed"

    def rate_of(self, category_id: uuid.UUID | None) -> Decimal:
        """Per cent for goods of this category."""
        return self.rate if category_id is None else self.by_category.get(category_id, self.rate)

    def tax_on(self, amount: Decimal, rate: Decimal) -> Decimal:
        """The tax in ``amount``, or on top of it, to the cent."""
        return included_tax(amount, rate) if self.is_inclusive else percent_of(amount, rate)


@dataclass(frozen=True, slots=True)
class LineTotals:
    """What one line comes to. ``total`` is after its share of the discount; ``tax`` is in it or on top."""

    product_id: uuid.UUID
    discount: Decimal
    tax_rate: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What the cart comes to. ``total`` is what is paid, ``tax`` that of the lines and of the shipping."""

    subtotal: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    prices_include_tax: bool
    lines: tuple[LineTotals, ...] = ()
    shipping_tax: Decimal = ZERO
    shipping_tax_rate: Decimal = Decimal(0)
    treatment: Treatment = "taxed"


def price(
    snapshot: CartSnapshot,
    shipping_amount: Decimal = ZERO,
    tax_rate: TaxRule | None = None,
    discounts: Sequence[Decimal] = (),
    parts: Sequence[Decimal] = (),
) -> Totals:
    """Price ``snapshot``: ``discounts`` are amounts off the goods, never more than the goods cost.

    ``parts`` instead say what each line costs less, where that has been spread before.
    """
    rule = tax_rate or TaxRule()
    subtotal = snapshot.subtotal
    totals = [line.total for line in snapshot.lines]
    shares = list(parts) or spread(min(sum(discounts, ZERO), subtotal), totals)
    discount = sum(shares, ZERO)
    lines = []
    for line, share in zip(snapshot.lines, shares, strict=True):
        rate = rule.rate_of(line.category_id)
        total = line.total - share
        lines.append(LineTotals(line.product_id, share, rate, rule.tax_on(total, rate), total))
    shipping_tax = rule.tax_on(shipping_amount, rule.rate)
    tax = sum((line.tax for line in lines), ZERO) + shipping_tax
    return Totals(
        subtotal=subtotal,
        discount=discount,
        shipping=shipping_amount,
        tax=tax,
        total=subtotal - discount + shipping_amount + (ZERO if rule.is_inclusive else tax),
        prices_include_tax=rule.is_inclusive,
        lines=tuple(lines),
        shipping_tax=shipping_tax,
        shipping_tax_rate=rule.rate,
        treatment=rule.treatment,
    )
