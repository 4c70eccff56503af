"""The facets beside a list, made of an engine's counts: the same for every engine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import msgspec
from cachetools import LRUCache

from storefront.catalog.queries import CategoryNode, category_by_slug, category_tree
from storefront.core.cache_store import MOST_LARGE
from storefront.search.queries.engine import CountRow, EngineAnswer
from storefront.search.queries.price_ranges import price_ranges
from storefront.search.queries.request import ListingRequest

MOST_OPTIONS = 5
MOST_SPECIFICATIONS = 6
_MOST_VALUES = 60
_RARE = 8
_SIZES_IN_ORDER = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "2XL", "XXXL", "3XL", "4XL")
_SIZES = {size: place for place, size in enumerate(_SIZES_IN_ORDER)}


class FacetOption(msgspec.Struct, frozen=True, gc=False):
    """One value of a facet; ``count`` is right under the current choice of all other facets."""

    value: str
    label: str
    count: int
    selected: bool = False


class Facet(msgspec.Struct, frozen=True):
    """One way to narrow the list.

    ``kind`` is category, brand, price, rating, stock, tag, option or specification; ``name`` is the option's
    or specification's own name (``Size``). The values of a price are ``10.00-19.99``, an open end is empty. The counts
    are estimates unless ``is_exact``.
    """

    kind: str
    name: str
    options: tuple[FacetOption, ...]
    is_exact: bool = True


_made: LRUCache[bytes, tuple[EngineAnswer, tuple[Facet, ...]]] = LRUCache(MOST_LARGE)
_making = Lock()


def facets_of(request: ListingRequest, answer: EngineAnswer) -> tuple[Facet, ...]:
    """The facets that can make the list of a cleaned ``request`` shorter, or of which something is chosen.

    Beside a list without a text they are the same ones for as long as the counts are.
    """
    if request.text:
        return _facets_of(request, answer)
    chosen = msgspec.json.encode(replace(request, sort="", page=1, position="", per_page=1))
    with _making:
        made_of, made = _made.get(chosen, (None, ()))
    if made_of is None or made_of.counts is not answer.counts or made_of.total != answer.total:
        made = _facets_of(request, answer)
        with _making:
            _made[chosen] = (answer, made)
    return made


def _facets_of(request: ListingRequest, answer: EngineAnswer) -> tuple[Facet, ...]:
    by_kind: dict[str, list[CountRow]] = {}
    for row in answer.counts:
        by_kind.setdefault(row.kind, []).append(row)
    estimated = {(row.kind, row.name) for row in answer.counts if not row.is_exact}
    return tuple(
        msgspec.structs.replace(facet, is_exact=False) if (facet.kind, facet.name) in estimated else facet
        for facet in _facets(request, answer.total, by_kind)
        if _narrows(facet, answer.total)
    )


def _narrows(facet: Facet, total: int) -> bool:
    """Whether choosing something here can make the list shorter, or something is chosen."""
    if facet.kind == "category":
        return bool(facet.options)
    return any(option.selected or option.count < total for option in facet.options)


def _facets(request: ListingRequest, total: int, rows: Mapping[str, list[CountRow]]) -> Iterable[Facet]:
    yield Facet("category", "", _categories(request, rows.get("category", ())))
    options = _named("option", rows.get("option", ()), request.options)
    # The zip side of a sleeping bag is no way into the whole shop: options that few products have stay out.
    common = [one for one in options if one.name in request.options or _uses(one) * _RARE >= total]
    yield from sorted(common, key=lambda one: -_uses(one))[: MOST_OPTIONS + len(request.options)]
    yield Facet("price", "", _prices(request, rows.get("price", ())))
    yield Facet("brand", "", _values(rows.get("brand", ()), request.brands))
    yield Facet("rating", "", _ratings(request, rows.get("rating", ())))
    in_stock = sum(row.count for row in rows.get("stock", ()) if row.value == "true")
    out_of_stock = sum(row.count for row in rows.get("stock", ()) if row.value == "false")
    if out_of_stock or request.in_stock:
        yield Facet("stock", "", (FacetOption("1", "", in_stock, request.in_stock),))
    matter = _that_matter(rows.get("specification", ()), total, request.specifications)
    yield from _named("specification", matter, request.specifications)
    tags = _values(rows.get("tag", ()), request.tags)
    # A word that all of them share says nothing here.
    yield Facet("tag", "", tuple(one for one in tags if one.selected or one.count < total))


def _that_matter(rows: Sequence[CountRow], total: int, chosen: Mapping[str, Sequence[str]]) -> list[CountRow]:
    """The few specifications worth a facet: on many of the products, with few values, each often met; or chosen.

    Feeds with thousands of names show no more than tidy ones.
    """
    holders: Counter[str] = Counter()
    values: Counter[str] = Counter()
    for row in rows:
        holders[row.name] += row.count
        values[row.name] += 1
    fit = [
        name
        for name, held in holders.items()
        if 2 <= values[name] <= 24 and held >= 2 * values[name] and held * 4 >= total and held > 3
    ]
    fit.sort(key=lambda name: (-holders[name], values[name], name))
    kept = {*fit[:MOST_SPECIFICATIONS], *chosen}
    return [row for row in rows if row.name in kept]


def _uses(facet: Facet) -> int:
    return sum(option.count for option in facet.options)


def _values(rows: Sequence[CountRow], chosen: Sequence[str]) -> tuple[FacetOption, ...]:
    """Chosen values stay in the list with a count of 0 when nothing has them any more."""
    options = {row.value: FacetOption(row.value, row.label, row.count, row.value in chosen) for row in rows}
    for value in chosen:
        options.setdefault(value, FacetOption(value, value, 0, True))
    ordered = sorted(options.values(), key=lambda one: (-one.count, one.label.lower()))
    return tuple(one for place, one in enumerate(ordered) if place < _MOST_VALUES or one.selected)


def _named(kind: str, rows: Sequence[CountRow], chosen: Any) -> Iterable[Facet]:
    by_name: dict[str, list[CountRow]] = {name: [] for name in chosen}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    for name, values in by_name.items():
        options = _values(values, chosen.get(name, ()))
        if len(options) > 1 or name in chosen:
            yield Facet(kind, name, tuple(sorted(options, key=lambda one: natural_order(one.value))))


def natural_order(value: str) -> tuple[Any, ...]:
    """Sizes as people line them up, numbers by their value, everything else by the alphabet."""
    size = _SIZES.get(value.upper())
    if size is not None:
        return (0, size, "")
    number = re.match(r"\s*(\d+(?:[.,]\d+)?)", value)
    if number:
        return (1, float(number.group(1).replace(",", ".")), value.lower())
    return (2, 0, value.lower())


def _categories(request: ListingRequest, rows: Sequence[CountRow]) -> tuple[FacetOption, ...]:
    """The categories below the current one, or the departments, in the tree's order."""
    counts = {row.value: row.count for row in rows}
    here = category_by_slug(request.category_slug) if request.category_slug else None
    nodes: Sequence[CategoryNode] = here.children if here else category_tree()
    shown = [node for node in nodes if counts.get(str(node.id))]
    if here and request.text:
        shown.insert(0, here.category)
    return tuple(
        FacetOption(node.slug, node.name, counts.get(str(node.id), 0), node.slug == request.category_slug)
        for node in shown
    )


def _prices(request: ListingRequest, rows: Sequence[CountRow]) -> tuple[FacetOption, ...]:
    chosen = (request.price_min, request.price_max)
    return tuple(
        FacetOption(one.value, "", one.count, (one.low, one.high) == chosen)
        for one in price_ranges({int(row.value): row.count for row in rows})
    )


def _ratings(request: ListingRequest, rows: Sequence[CountRow]) -> tuple[FacetOption, ...]:
    exact = {int(row.value): row.count for row in rows}
    at_least = {stars: sum(n for given, n in exact.items() if given >= stars) for stars in (4, 3)}
    if not any(at_least.values()) and request.rating_min is None:
        return ()
    wanted = sorted({4, 3, *([request.rating_min] if request.rating_min else [])}, reverse=True)
    return tuple(
        FacetOption(
            str(stars),
            "",
            sum(n for given, n in exact.items() if given >= stars),
            stars == request.rating_min,
        )
        for stars in wanted
    )
