"""The counts beside a list: all facets, the total and the price ranges, in one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.catalog.queries import CategoryNode, category_by_slug, category_tree
from storefront.core.db import session
from storefront.search.queries.facet_statement import facets_statement
from storefront.search.queries.filters import Shape
from storefront.search.queries.price_ranges import price_ranges
from storefront.search.queries.request import ListingRequest

MOST_OPTIONS = 5
_RARE = 8
_SIZES_IN_ORDER = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "2XL", "XXXL", "3XL", "4XL")
_SIZES = {size: place for place, size in enumerate(_SIZES_IN_ORDER)}


@dataclass(frozen=True, slots=True)
class FacetOption:
    """One value of a facet; ``count`` is right under the current choice of all other facets."""

    value: str
    label: str
    count: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow the list.

    ``kind`` is category, brand, price, rating, stock, tag, option or specification; ``name`` is the option's
    or specification's own name (``Size``). The values of a price are ``10.00-19.99``, an open end is empty.
    """

    kind: str
    name: str
    options: tuple[FacetOption, ...]


@dataclass(slots=True)
class Counts:
    """What the statement found."""

    total: int = 0
    together: bool = True
    price_least: Decimal | None = None
    price_most: Decimal | None = None
    facets: list[Facet] = field(default_factory=list)


def count_facets(request: ListingRequest, shape: Shape, values: Mapping[str, Any]) -> Counts:
    """Count everything beside the list of a cleaned ``request``. One statement."""
    rows = session().execute(facets_statement(shape), values).all()
    by_kind: dict[str, list[sa.Row[Any]]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    counts = Counts()
    for row in by_kind.get("total", ()):
        counts.total = row.n
        counts.together = row.name != "apart"
        least, _, most = row.value.partition("-")
        counts.price_least = Decimal(least) if least else None
        counts.price_most = Decimal(most) if most else None
    counts.facets = [facet for facet in _facets(request, by_kind) if _narrows(facet, counts.total)]
    return counts


def _narrows(facet: Facet, total: int) -> bool:
    """Whether choosing something here can make the list shorter, or something is chosen."""
    if facet.kind == "category":
        return bool(facet.options)
    return any(option.selected or option.count < total for option in facet.options)


def _facets(request: ListingRequest, rows: dict[str, list[sa.Row[Any]]]) -> Iterable[Facet]:
    total = max((row.n for row in rows.get("total", ())), default=0)
    yield Facet("category", "", _categories(request, rows.get("category", ())))
    options = _named("option", rows.get("option", ()), request.options)
    # The zip side of a sleeping bag is no way into the whole shop: options that few products have stay out.
    common = [one for one in options if one.name in request.options or _uses(one) * _RARE >= total]
    yield from sorted(common, key=lambda one: -_uses(one))[: MOST_OPTIONS + len(request.options)]
    yield Facet("price", "", _prices(request, rows.get("price", ())))
    yield Facet("brand", "", _values(rows.get("brand", ()), request.brands))
    yield Facet("rating", "", _ratings(request, rows.get("rating", ())))
    in_stock = sum(row.n for row in rows.get("stock", ()) if row.value == "true")
    out_of_stock = sum(row.n for row in rows.get("stock", ()) if row.value == "false")
    if out_of_stock or request.in_stock:
        yield Facet("stock", "", (FacetOption("1", "", in_stock, request.in_stock),))
    yield from _named("specification", rows.get("specification", ()), request.specifications)
    tags = _values(rows.get("tag", ()), request.tags)
    # A word that all of them share says nothing here.
    yield Facet("tag", "", tuple(one for one in tags if one.selected or one.count < total))


def _uses(facet: Facet) -> int:
    return sum(option.count for option in facet.options)


def _values(rows: Sequence[sa.Row[Any]], chosen: Sequence[str]) -> tuple[FacetOption, ...]:
    """Chosen values stay in the list with a count of 0 when nothing has them any more."""
    options = {row.value: FacetOption(row.value, row.label, row.n, row.value in chosen) for row in rows}
    for value in chosen:
        options.setdefault(value, FacetOption(value, value, 0, True))
    return tuple(sorted(options.values(), key=lambda one: (-one.count, one.label.lower())))


def _named(kind: str, rows: Sequence[sa.Row[Any]], chosen: Any) -> Iterable[Facet]:
    by_name: dict[str, list[sa.Row[Any]]] = {name: [] for name in chosen}
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


def _categories(request: ListingRequest, rows: Sequence[sa.Row[Any]]) -> tuple[FacetOption, ...]:
    """The categories below the current one, or the departments, in the tree's order."""
    counts = {row.value: row.n for row in rows}
    here = category_by_slug(request.category_slug) if request.category_slug else None
    nodes: Sequence[CategoryNode] = here.children if here else category_tree()
    shown = [node for node in nodes if counts.get(str(node.id))]
    if here and request.text:
        shown.insert(0, here.category)
    return tuple(
        FacetOption(node.slug, node.name, counts.get(str(node.id), 0), node.slug == request.category_slug)
        for node in shown
    )


def _prices(request: ListingRequest, rows: Sequence[sa.Row[Any]]) -> tuple[FacetOption, ...]:
    chosen = (request.price_min, request.price_max)
    return tuple(
        FacetOption(one.value, "", one.count, (one.low, one.high) == chosen)
        for one in price_ranges({int(row.value): row.n for row in rows})
    )


def _ratings(request: ListingRequest, rows: Sequence[sa.Row[Any]]) -> tuple[FacetOption, ...]:
    exact = {int(float(row.value)): row.n for row in rows}
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
