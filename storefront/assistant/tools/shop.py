"""The shop's registry, and how its things look to a model and on a card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from storefront.assistant.events import Card
from storefront.assistant.tools.registry import Registry
from storefront.catalog.queries import ProductCard

TOOLS = Registry()
"""Every tool of the shop; filled when ``storefront.assistant.tools`` is imported."""


def amount(money: Decimal, currency: str) -> str:
    """Money as a model reads it best: ``189.00 EUR``."""
    return f"{money:.2f} {currency}"


def card_of(product: ProductCard) -> Card:
    """The card shown beside the answer."""
    return Card(
        sku=product.sku,
        slug=product.slug,
        name=product.name,
        brand=product.brand,
        price=f"{product.price_from:.2f}",
        price_to=f"{product.price_to:.2f}" if product.price_to != product.price_from else None,
        currency=product.currency,
        image=product.image.key if product.image else None,
        in_stock=product.in_stock,
        needs_choice=product.has_variants,
    )


def facts_of(product: ProductCard) -> dict[str, Any]:
    """The product as a model reads it."""
    facts: dict[str, Any] = {
        "sku": product.sku,
        "name": product.name,
        "brand": product.brand,
        "price_from": amount(product.price_from, product.currency),
        "in_stock": product.in_stock,
        "has_variants": product.has_variants,
    }
    if product.price_to != product.price_from:
        facts["price_to"] = amount(product.price_to, product.currency)
    if product.rating is not None:
        facts["rating"] = f"{product.rating:.1f} of 5 ({product.review_count} reviews)"
    return facts
