"""Filters that a text names: "red jacket size M under 100" is a jacket with three choices made.

The choices leave the text and become the request's own, so that the page shows them, can take them back one by
one, and names them in its address. What was chosen by hand wins over what the text says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from storefront.core.slugs import slugify
from storefront.search.queries.named_values import NamedValues, named_values
from storefront.search.queries.reading import Reading, read
from storefront.search.queries.request import ListingRequest

_LONGEST_PHRASE = 3


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


def with_options(request: ListingRequest, reading: Reading) -> tuple[ListingRequest, Reading]:
    """The request with colours and sizes of its text as choices; the same one where the text names none.

    They are guesses: where nothing is found with them, they were words after all.
    """
    words = reading.rest.lower().split()
    if len(words) < 2 or '"' in reading.rest:
        return request, reading
    options = dict(request.options)
    left: list[str] = []
    for phrase, choice in _phrases(words, named_values()):
        if choice and choice[0] not in request.options:
            options[choice[0]] = (*options.get(choice[0], ()), choice[1])
        else:
            left.append(phrase)
    if options == dict(request.options) or not left:
        return request, reading
    rest = re.sub(r"\b(?:size|in size|colou?r)$", "", " ".join(left)).strip() or " ".join(left)
    return replace(request, text=rest, options=options).cleaned(), read(rest)


def _phrases(words: list[str], known: NamedValues) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """The words, run together where several name one value; a brand's name is never a colour."""
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + length])
            if phrase in known.brands or phrase in known.options:
                yield phrase, None if phrase in known.brands else known.options[phrase]
                place += length
                break
        else:
            yield words[place], None
            place += 1
