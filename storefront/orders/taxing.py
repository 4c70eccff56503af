"""What an order is charged in the end: prices, reductions and tax for one buyer and one destination.

The checkout page and PREPARE both ask here, so that what was shown is what is charged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_UP, Decimal

from storefront.accounts.vat_numbers import reverse_charge_applies
from storefront.core.money import CENT
from storefront.core.settings import current_settings
from storefront.pricing.snapshot import CartSnapshot
from storefront.pricing.taxation import Taxation, brought_down, taxation
from storefront.pricing.totals import Totals, price
from storefront.promotions.evaluation import Reductions, RefusedPromotion
from storefront.promotions.reasons import MinimumNotReached
from storefront.shipping.queries import tax_rate_for


@dataclass(frozen=True, slots=True)
class Charged:
    """The cart at this buyer's prices, what it is reduced by, and what it comes to."""

    snapshot: CartSnapshot
    reductions: Reductions
    totals: Totals


def taxation_of(country: str, region: str, vat_number: str) -> Taxation:
    """How an order to ``country`` (ISO 3166) is taxed, for a company that gave its ``vat_number``. One statement.

    The number is one that ``normal_vat_number`` has let through, or empty.
    """
    settings = current_settings()
    return taxation(
        tax_rate_for(country, region),
        is_reverse_charge=reverse_charge_applies(vat_number, settings.shop_country, country),
        shows_net=bool(vat_number) and settings.company_prices == "without_tax",
        catalog_has_tax=settings.catalog_prices == "with_tax",
    )


def taxation_as_bought(country: str, region: str, treatment: str, *, prices_include_tax: bool) -> Taxation:
    """How an order is taxed that was bought with these terms, whatever the shop's settings say today. One statement."""
    return taxation(
        tax_rate_for(country, region),
        is_reverse_charge=treatment == "reverse_charge",
        shows_net=not prices_include_tax,
        catalog_has_tax=prices_include_tax or current_settings().catalog_prices == "with_tax",
    )


def charged(taxing: Taxation, catalog: CartSnapshot, shipping: Decimal, reductions: Reductions) -> Charged:
    """Price ``catalog``. ``shipping`` and ``reductions`` are at the catalog's prices, as promotions computed them."""
    parts = taxing.parts(catalog, [one.parts for one in reductions.applied])
    own_shipping = taxing.shipping(shipping)
    off_shipping = brought_down([one.shipping for one in reductions.applied], shipping, own_shipping)
    applied = tuple(
        replace(one, parts=own, shipping=off)
        for one, own, off in zip(reductions.applied, parts, off_shipping, strict=True)
    )
    together = tuple(sum((own[place] for own in parts), Decimal(0)) for place in range(len(catalog.lines)))
    snapshot = taxing.snapshot(catalog)
    own_reductions = replace(
        reductions,
        applied=applied,
        parts=together,
        refused=_brought_down(reductions.refused, catalog, snapshot),
        within_reach=_brought_down(reductions.within_reach, catalog, snapshot),
    )
    totals = price(snapshot, own_shipping - own_reductions.shipping, taxing.rule, parts=together)
    return Charged(snapshot, own_reductions, totals)


def _brought_down(
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
