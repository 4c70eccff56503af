"""What search engines read of a page: schema.org data as JSON-LD blocks, which are data and never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storefront.catalog.queries import Breadcrumb, ProductPage, Selection
from storefront.http.absolute import absolute_url
from storefront.http.links import link_to
from storefront.http.media import media_url

_CONTEXT = "https://schema.org"


def breadcrumb_data(trail: Sequence[Breadcrumb], last: str | None = None) -> dict[str, Any]:
    """A BreadcrumbList from the categories of ``trail`` to the page called ``last``."""
    items = [(crumb.name, absolute_url(link_to("catalog.category", slug=crumb.slug))) for crumb in trail]
    named = [
        {"@type": "ListItem", "position": place, "name": name, "item": url}
        for place, (name, url) in enumerate(items, start=1)
    ]
    if last is not None:
        named.append({"@type": "ListItem", "position": len(named) + 1, "name": last})
    return {"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": named}


def product_data(page: ProductPage, selection: Selection) -> dict[str, Any]:
    """A Product with its offer (or the span of its variants' offers) and its rating."""
    data: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "Product",
        "name": page.name,
        "sku": selection.variant.sku if selection.variant else page.sku,
        "description": page.short_description or page.description[:500],
        "url": absolute_url(link_to("catalog.product", slug=page.slug)),
        "image": [absolute_url(media_url(image.key, "large")) for image in selection.images],
        "offers": _offers(page),
    }
    if page.brand:
        data["brand"] = {"@type": "Brand", "name": page.brand}
    if page.barcode:
        data["gtin"] = page.barcode
    if page.rating is not None:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(page.rating),
            "reviewCount": page.review_count,
        }
    return data


def _availability(page: ProductPage) -> str:
    if any(variant.on_shelf for variant in page.variants):
        return "InStock"
    return "BackOrder" if any(variant.in_stock for variant in page.variants) else "OutOfStock"


def _offers(page: ProductPage) -> dict[str, Any]:
    common = {
        "priceCurrency": page.currency,
        "availability": f"{_CONTEXT}/{_availability(page)}",
    }
    if page.price_from == page.price_to:
        return {"@type": "Offer", "price": str(page.price_from), **common}
    return {
        "@type": "AggregateOffer",
        "lowPrice": str(page.price_from),
        "highPrice": str(page.price_to),
        "offerCount": len(page.variants),
        **common,
    }
