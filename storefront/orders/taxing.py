"""How an order is taxed: today, for one buyer and one destination; and as it was bought."""

from __future__ import annotations

from storefront.accounts.vat_numbers import reverse_charge_applies
from storefront.core.settings import current_settings
from storefront.pricing.taxation import Taxation, taxation
from storefront.shipping.queries import tax_rate_for


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
