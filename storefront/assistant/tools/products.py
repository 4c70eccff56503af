"""Finding products and saying what they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from storefront.assistant.tools.choices import colour_choice, size_choice
from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS, amount, card_of, facts_of
from storefront.catalog.queries import ProductCard, ProductPage, product_cards, product_page
from storefront.core.errors import NotFound
from storefront.search.queries import ListingPage, ListingRequest, search_listing
from storefront.search.services import log_search

SHOWN = 4
_CONSIDERED = 8
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
    colour: Annotated[str | None, Field(max_length=40, description="A colour, for example blue.")] = None,
    size: Annotated[str | None, Field(max_length=40, description="A size, for example M or 43.")] = None,
    tags: Annotated[list[str], Field(description="Tags that must all fit, for example gift.")] = [],  # noqa: B006
    sort: Literal["relevance", "price_up", "price_down", "rating", "newest"] = "relevance",
    in_stock_only: bool = True,
) -> Outcome:
    """Search the shop's catalog, best match first. Use it for every wish, comparison or gift idea.

    The best matches are shown to the shopper as cards. A colour or size that no match comes in is named in
    `not_available` and left out of the search.
    """
    started = time.perf_counter()
    # Of a text's many loose matches the cheapest is seldom what was meant: the best matches are put in order.
    reorder = bool(query.strip()) and sort != "relevance"
    request = ListingRequest(
        text=query,
        price_min=min_price,
        price_max=max_price,
        tags=tuple(tags),
        in_stock=in_stock_only,
        sort="relevance" if reorder else sort,
        per_page=_CONSIDERED if reorder else SHOWN,
    )
    listing, missing = _with_choices(search_listing(request), colour, size)
    cards = sorted(listing.cards, key=_ORDERS[sort])[:SHOWN] if reorder else listing.cards
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
        "match": listing.manner,
        "products": [facts_of(card) for card in cards],
        "did_you_mean": listing.did_you_mean,
        "not_available": missing,
    }
    found = f"{listing.total} found" if listing.total else "Nothing found"
    return Outcome(data, found, tuple(card_of(card) for card in cards))


_ORDERS: dict[str, Callable[[ProductCard], Any]] = {
    "price_up": lambda card: card.price_from,
    "price_down": lambda card: -card.price_from,
    "rating": lambda card: -(card.rating or 0),
    "newest": lambda card: 0,  # the best match is as good an answer as the newest of them
}


def _with_choices(
    listing: ListingPage, colour: str | None, size: str | None
) -> tuple[ListingPage, list[str]]:
    """The listing narrowed by what its own facets offer, and the wishes that none offers."""
    request, missing = listing.request, []
    options, specifications = dict(request.options), dict(request.specifications)
    for wish, choice_of in ((colour, colour_choice), (size, size_choice)):
        choice = choice_of(listing.facets, wish) if wish else None
        if choice:
            (options if choice.kind == "option" else specifications)[choice.name] = choice.values
        elif wish:
            missing.append(wish)
    if (options, specifications) == (dict(request.options), dict(request.specifications)):
        return listing, missing
    narrowed = search_listing(replace(request, options=options, specifications=specifications))
    return (narrowed, missing) if narrowed.total else (listing, [wish for wish in (colour, size) if wish])


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
