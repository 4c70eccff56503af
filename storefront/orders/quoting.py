"""What an order comes to: goods, promotions, shipping, tax. The checkout's page, PREPARE and changes all ask here.

What was shown is what is charged, because it is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_UP, Decimal

from storefront.cart.queries import CartView
from storefront.core.money import CENT, ZERO
from storefront.orders.taxing import taxation_of
from storefront.pricing.snapshot import CartSnapshot
from storefront.pricing.taxation import Taxation, brought_down
from storefront.pricing.totals import Totals, price
from storefront.promotions.evaluation import Reductions, RefusedPromotion
from storefront.promotions.queries import Candidates, Customer, candidates_for
from storefront.promotions.reasons import MinimumNotReached
from storefront.shipping.queries import ShippingOption, ShippingTable, shipping_table

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


@dataclass(frozen=True, slots=True)
class Purchase:
    """Who buys, where it goes (ISO 3166), by which way to ship. ``vat_number`` is in its normal form, or empty."""

    customer: Customer
    country: str
    region: str
    method: str
    vat_number: str = ""


def quote_cart(cart: CartView, purchase: Purchase, table: ShippingTable | None = None) -> Quotation:
    """What this cart would cost now. Three statements, two for whoever has read the shipping ``table``."""
    snapshot, country, region = cart.snapshot, purchase.country, purchase.region
    candidates = candidates_for(snapshot, purchase.customer, cart.coupon, cart.cart_id)
    known = table or shipping_table()
    return quote(
        snapshot,
        candidates,
        lambda goods: known.options(country, region, goods, snapshot.weight),
        purchase.method,
        taxation_of(country, region, purchase.vat_number),
    )


def quote(
    catalog: CartSnapshot, candidates: Candidates, ways: Ways, method: str, taxing: Taxation
) -> Quotation:
    """Price ``catalog`` (at the catalog's prices), sent by ``method`` or, where that does not go, by the first way."""
    # Shipping is free from an amount on that counts after discounts.
    options = ways(catalog.subtotal - candidates.at().amount)
    place = next((place for place, one in enumerate(options) if one.code == method), 0)
    shipping = options[place].amount if options else ZERO
    own, own_shipping = taxing.snapshot(catalog), taxing.shipping(shipping)
    reductions = _as_paid(candidates.at(shipping), catalog, shipping, taxing)
    totals = price(own, own_shipping - reductions.shipping, taxing.rule, parts=reductions.parts)
    own_options = tuple(replace(one, amount=taxing.shipping(one.amount)) for one in options)
    return Quotation(own, reductions, totals, own_options, own_options[place] if own_options else None)


def _as_paid(
    reductions: Reductions, catalog: CartSnapshot, shipping: Decimal, taxing: Taxation
) -> Reductions:
    """``reductions``, computed at the catalog's prices, at this buyer's."""
    own = taxing.snapshot(catalog)
    parts = taxing.parts(catalog, [one.parts for one in reductions.applied])
    off_shipping = brought_down(
        [one.shipping for one in reductions.applied], shipping, taxing.shipping(shipping)
    )
    applied = tuple(
        replace(one, parts=own_parts, shipping=off)
        for one, own_parts, off in zip(reductions.applied, parts, off_shipping, strict=True)
    )
    return replace(
        reductions,
        applied=applied,
        parts=tuple(sum((one[place] for one in parts), Decimal(0)) for place in range(len(catalog.lines))),
        refused=_missed_as_paid(reductions.refused, catalog, own),
        within_reach=_missed_as_paid(reductions.within_reach, catalog, own),
    )


def _missed_as_paid(
    refused: tuple[RefusedPromotion, ...], catalog: CartSnapshot, own: CartSnapshot
) -> tuple[RefusedPromotion, ...]:
    """The same with amounts as this buyer reads them, in proportion to the goods; a missing one rather a cent more."""
    if catalog == own or not catalog.subtotal:
        return refused
    found = []
    for one in refused:
        if isinstance(one.reason, MinimumNotReached):
            minimum, missing = (
                (amount * own.subtotal / catalog.subtotal).quantize(CENT, rounding=ROUND_UP)
                for amount in (one.reason.minimum, one.reason.missing)
            )
            one = replace(one, reason=MinimumNotReached(minimum, missing))
        found.append(one)
    return tuple(found)
