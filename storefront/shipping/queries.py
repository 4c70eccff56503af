"""How an order can travel, and what tax its destination takes. Both by zone, out of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from threading import Lock
from typing import Any

import sqlalchemy as sa
from cachetools import TTLCache, cached

from storefront.core.db import login
from storefront.core.money import ZERO
from storefront.core.statements import rows
from storefront.pricing.totals import TaxRule
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.models import ShippingMethod, TaxRate

SECONDS_KEPT = 30.0


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way to deliver to one destination, at what price, in how many working days."""

    code: str
    name: str
    description: str
    amount: Decimal
    min_days: int
    max_days: int
    free_over: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Zone:
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    price: Decimal
    price_rules: tuple[dict[str, Any], ...]
    option: ShippingOption

    def reaches(self, country: str, region: str) -> bool:
        if self.countries and country not in self.countries:
            return False
        return not self.regions or region in self.regions

    def amount(self, subtotal: Decimal, weight: Decimal) -> Decimal:
        """What it costs to send ``weight`` kilograms of goods for ``subtotal``."""
        if self.option.free_over is not None and subtotal >= self.option.free_over:
            return ZERO
        for rule in self.price_rules:
            if weight <= Decimal(str(rule["up_to_weight"])):
                return Decimal(str(rule["price"]))
        return self.price


@dataclass(frozen=True, slots=True)
class ShippingTable:
    """All active methods, read once: a checkout asks several things of it."""

    zones: tuple[_Zone, ...]

    def countries(self) -> tuple[str, ...] | None:
        """The countries that can be reached at all; None means every country."""
        if any(not zone.countries for zone in self.zones):
            return None
        return tuple(sorted({country for zone in self.zones for country in zone.countries}))

    def options(self, country: str, region: str, subtotal: Decimal, weight: Decimal) -> list[ShippingOption]:
        """The ways to this destination in the shop's order, each with its price."""
        found = []
        for zone in self.zones:
            if zone.reaches(country, region):
                one, amount = zone.option, zone.amount(subtotal, weight)
                found.append(
                    ShippingOption(
                        one.code, one.name, one.description, amount, one.min_days, one.max_days, one.free_over
                    )
                )
        return found


def shipping_table() -> ShippingTable:
    """The active shipping methods. One statement."""
    found = rows(_methods_statement())
    return ShippingTable(
        tuple(
            _Zone(
                tuple(row.countries),
                tuple(row.regions),
                row.price,
                tuple(sorted(row.price_rules, key=lambda rule: Decimal(str(rule["up_to_weight"])))),
                ShippingOption(*row[:7]),
            )
            for row in found
        )
    )


_kept: TTLCache[str, ShippingTable] = TTLCache(maxsize=16, ttl=SECONDS_KEPT)


@cached(_kept, key=login, lock=Lock())
def advertised_shipping() -> ShippingTable:
    """The methods as product pages name them: those of half a minute ago may do. Orders are priced by the others."""
    return shipping_table()


def forget_advertised_shipping() -> None:
    """Read them again at their next use."""
    _kept.clear()


@cache
def _methods_statement() -> sa.Select[Any]:
    method = ShippingMethod
    columns: tuple[Any, ...] = (
        method.code,
        method.name,
        method.description,
        method.price,
        method.min_days,
        method.max_days,
        method.free_over,
        method.countries,
        method.regions,
        method.price_rules,
    )
    return sa.select(*columns).where(method.is_active).order_by(method.sort_order, method.code)


def chosen(options: Sequence[ShippingOption], code: str, country: str) -> ShippingOption:
    """The option called ``code``. Raises :class:`MethodUnavailable` when it does not go there."""
    for option in options:
        if option.code == code:
            return option
    raise MethodUnavailable(code, country)


def tax_rate_for(country: str, region: str = "") -> TaxRule:
    """The tax at this destination: a region's rate goes before its country's; no row means no tax. One statement."""
    found = rows(_rates_statement(), {"country": country, "region": region})
    # Later rows (the region's) overwrite earlier ones (the country's).
    general = [row for row in found if row.category_id is None]
    by_category = {row.category_id: row.rate for row in found if row.category_id is not None}
    if not found:
        return TaxRule(treatment="untaxed")
    if not general:
        return TaxRule(is_inclusive=found[-1].is_inclusive, by_category=by_category)
    return TaxRule(general[-1].rate, general[-1].is_inclusive, by_category)


@cache
def _rates_statement() -> sa.Select[Any]:
    rate = TaxRate
    columns: tuple[Any, ...] = (rate.rate, rate.is_inclusive, rate.category_id)
    of_region = sa.or_(rate.region.is_(None), rate.region == sa.bindparam("region"))
    return (
        sa.select(*columns)
        .where(rate.country == sa.bindparam("country"), of_region)
        .order_by(rate.region.nulls_first())
    )
