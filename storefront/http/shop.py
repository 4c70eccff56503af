"""The shop as pages name it."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Shop:
    """Names, addresses and the currency of all prices."""

    name: str
    tagline: str
    email: str
    currency: str
    takes_cards: bool
    country: str
    prices_include_tax: bool
    time_zone: str


def shop() -> Shop:
    """The running application's shop."""
    return once_per_application("shop", _shop)


def _shop(settings: Settings) -> Shop:
    return Shop(
        settings.shop_name,
        settings.shop_tagline,
        settings.shop_email,
        settings.shop_currency,
        settings.stripe_secret_key is not None,
        settings.shop_country,
        settings.catalog_prices == "with_tax",
        settings.shop_time_zone,
    )
