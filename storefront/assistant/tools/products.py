"""Finding products and saying what they are."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS, amount, card_of, facts_of
from storefront.catalog.queries import ProductPage, product_cards, product_page
from storefront.core.errors import NotFound
from storefront.search.queries import ListingRequest, search_listing
from storefront.search.services import log_search

SHOWN = 4
_LONGEST_DESCRIPTION = 1_500

Price = Annotated[Decimal, Field(ge=0, le=1_000_000, description="In the shop's currency, tax included.")]


def _searching(arguments: dict[str, Any]) -> str:
    return f"Looking for {str(arguments.get('query') or 'products')[:60]}"


@TOOLS.tool(_searching)
def search_products(
    context: ToolContext,
    query: Annotated[
        str, Field(max_length=300, description="What is looked for, in a few words; may be empty.")
    ] = "",
    max_price: Price | None = None,
    min_price: Price | None = None,
    colour: Annotated[
        str | None, Field(description="A colour of the shop's choice, for example Night.")
    ] = None,
    size: Annotated[str | None, Field(description="A size, for example M or 43.")] = None,
    category: Annotated[str | None, Field(description="The slug of a category.")] = None,
    tags: Annotated[list[str], Field(description="Tags that must all fit, for example gift.")] = [],  # noqa: B006
    in_stock_only: bool = True,
) -> Outcome:
    """Search the shop's catalog, best match first. Use it for every wish, comparison or gift idea.

    The best matches are shown to the shopper as cards.
    """
    started = time.perf_counter()
    options = {name: (value,) for name, value in (("Colour", colour), ("Size", size)) if value}
    listing = search_listing(
        ListingRequest(
            text=query,
            category_slug=category,
            price_min=min_price,
            price_max=max_price,
            tags=tuple(tags),
            options=options,
            in_stock=in_stock_only,
            per_page=SHOWN,
        )
    )
    milliseconds = (time.perf_counter() - started) * 1000
    log_search(
        context.identity,
        query,
        results_count=listing.total,
        search_type="assistant",
        milliseconds=milliseconds,
    )
    data = {
        "total": listing.total,
        "products": [facts_of(card) for card in listing.cards],
        "did_you_mean": listing.did_you_mean,
    }
    found = f"{listing.total} found" if listing.total else "Nothing found"
    return Outcome(data, found, tuple(card_of(card) for card in listing.cards))


@TOOLS.tool("Reading the product's page")
def product_details(
    context: ToolContext,
    sku: Annotated[str, Field(max_length=100, description="The product's or variant's SKU.")],
) -> Outcome:
    """Everything about one product: description, specifications, and its variants with price and stock."""
    page = product_page(sku)
    if page is None:
        raise NotFound("product", sku)
    return Outcome(_facts(page), page.name, tuple(card_of(card) for card in product_cards([page.id])))


def _facts(page: ProductPage) -> dict[str, Any]:
    return {
        "sku": page.sku,
        "name": page.name,
        "brand": page.brand,
        "page": f"/p/{page.slug}",
        "price_from": amount(page.price_from, page.currency),
        "description": page.description[:_LONGEST_DESCRIPTION],
        "specifications": dict(page.specifications),
        "rating": f"{page.rating:.1f} of 5 ({page.review_count} reviews)" if page.rating else None,
        "variants": [
            {
                "sku": variant.sku,
                "options": dict(variant.options),
                "price": amount(variant.price, page.currency),
                "available": variant.available,
            }
            for variant in page.variants
        ],
    }
