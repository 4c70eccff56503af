"""Keeping the shipping methods and the tax rates: by code, and by country, region and category."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.core.db import session, transaction
from storefront.core.settings import current_settings
from storefront.shipping.models import ShippingMethod, TaxRate


@dataclass(frozen=True, slots=True)
class MethodDetails:
    """A shipping method as staff describe it. Empty ``countries`` means everywhere.

    ``price_rules`` are ``{"up_to_weight": kilograms, "price": money}``; amounts in the shop's currency.
    """

    code: str
    name: str
    description: str = ""
    price: Decimal = Decimal(0)
    countries: Sequence[str] = ()
    regions: Sequence[str] = ()
    price_rules: Sequence[dict[str, Any]] = ()
    free_over: Decimal | None = None
    min_days: int = 1
    max_days: int = 5
    sort_order: int = 0
    is_active: bool = True


def save_method(details: MethodDetails) -> None:
    """Create the method, or make the one with this code like ``details``."""
    values = asdict(details) | {
        "countries": list(details.countries),
        "regions": list(details.regions),
        "price_rules": [
            {"up_to_weight": str(rule["up_to_weight"]), "price": str(rule["price"])}
            for rule in details.price_rules
        ],
        "currency": current_settings().shop_currency,
    }
    with transaction():
        session().execute(
            insert(ShippingMethod)
            .values(**values)
            .on_conflict_do_update(
                index_elements=[ShippingMethod.code],
                set_={name: value for name, value in values.items() if name != "code"},
            )
        )


def save_tax_rate(
    country: str,
    rate: Decimal,
    *,
    region: str | None = None,
    category_id: uuid.UUID | None = None,
    name: str = "",
    is_inclusive: bool = True,
) -> None:
    """Set the per cent of tax for a country, one of its regions, or one category of goods there."""
    with transaction():
        session().execute(
            insert(TaxRate)
            .values(
                country=country,
                region=region,
                category_id=category_id,
                rate=rate,
                name=name,
                is_inclusive=is_inclusive,
            )
            .on_conflict_do_update(
                index_elements=[TaxRate.country, TaxRate.region, TaxRate.category_id],
                set_={"rate": rate, "name": name, "is_inclusive": is_inclusive, "updated_at": sa.func.now()},
            )
        )
