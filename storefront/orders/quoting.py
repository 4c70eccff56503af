"""What an order comes to: goods, promotions, shipping, tax. The checkout's page, PREPARE and changes all ask here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from storefront.core.money import ZERO
from storefront.orders.taxing import charged
from storefront.pricing.snapshot import CartSnapshot
from storefront.pricing.taxation import Taxation
from storefront.pricing.totals import Totals
from storefront.promotions.evaluation import Reductions
from storefront.promotions.queries import Candidates
from storefront.shipping.queries import ShippingOption

Ways = Callable[[Decimal], Sequence[ShippingOption]]
"""The ways to ship, the shop's first one first, at the catalog's prices, for what the goods cost after discounts."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """The goods at this buyer's prices, what they are reduced by, what all of it comes to.

    ``options`` are the ways to ship, at this buyer's prices; ``option`` is the one that ``totals`` count, None where
    nothing goes there.
    """

    snapshot: CartSnapshot
    reductions: Reductions
    totals: Totals
    options: tuple[ShippingOption, ...]
    option: ShippingOption | None


def quote(
    catalog: CartSnapshot, candidates: Candidates, ways: Ways, method: str, taxing: Taxation
) -> Quotation:
    """Price ``catalog`` (at the catalog's prices), sent by ``method`` or, where that does not go, by the first way."""
    # Shipping is free from an amount on that counts after discounts.
    options = ways(catalog.subtotal - candidates.at().amount)
    place = next((place for place, one in enumerate(options) if one.code == method), 0)
    shipping = options[place].amount if options else ZERO
    order = charged(taxing, catalog, shipping, candidates.at(shipping))
    own = tuple(replace(one, amount=taxing.shipping(one.amount)) for one in options)
    return Quotation(order.snapshot, order.reductions, order.totals, own, own[place] if own else None)
