"""Filters that a text names and that are no guess: "jacket under 100 brand:larkfell". Guesses are in :mod:`guesses`.

The choices leave the text and become the request's own, so that the page shows them, can take them back one by
one, and names them in its address. What was chosen by hand wins over what the text says.
"""

from __future__ import annotations

from dataclasses import replace

from storefront.core.slugs import slugify
from storefront.search.queries.named_values import named_values
from storefront.search.queries.reading import Reading, read
from storefront.search.queries.request import ListingRequest


def narrowed(request: ListingRequest) -> tuple[ListingRequest, Reading]:
    """A cleaned ``request`` with the filters that its text names, and how the rest of the text reads."""
    reading = read(request.text)
    price_min, price_max = request.price_min, request.price_max
    if price_min is None and price_max is None:
        price_min, price_max = reading.price_min, reading.price_max
    brands = request.brands
    if reading.brands and not brands:
        known = named_values().brands
        brands = tuple(known.get(brand.lower(), slugify(brand)) for brand in reading.brands)
    narrower = replace(
        request, text=reading.rest, price_min=price_min, price_max=price_max, brands=brands
    ).cleaned()
    return narrower, reading
