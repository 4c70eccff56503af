"""The choices of a listing as conditions over ``product_search``, one bit for each facet that is chosen.

A product that fails exactly one facet still counts beside that facet's other values. The bits let one scan
of the candidates answer all counts: a row is on the page when no bit is set, and counts for a facet when no
bit but that facet's is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from storefront.catalog.queries import category_by_slug
from storefront.core.clock import now
from storefront.search.models import ProductSearch
from storefront.search.queries.matching import Matching
from storefront.search.queries.request import ListingRequest


@dataclass(frozen=True, slots=True)
class Choice:
    """One chosen facet: its bit and what a product must meet."""

    bit: int
    condition: sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions that make the candidates (text, category of the address) and the chosen facets by key."""

    base: tuple[sa.ColumnElement[bool], ...]
    choices: Mapping[str, Choice]

    def bit(self, key: str) -> int:
        """The bit of the facet ``key``, 0 when nothing of it is chosen."""
        choice = self.choices.get(key)
        return choice.bit if choice else 0

    def failed(self) -> sa.ColumnElement[int]:
        """The bits of the facets that a product fails."""
        bits = [sa.case((choice.condition, 0), else_=choice.bit) for choice in self.choices.values()]
        total: Any = sa.literal_column("0")
        for bit in bits:
            total = total + bit
        return sa.cast(total, sa.Integer)

    def all_met(self) -> list[sa.ColumnElement[bool]]:
        """Everything a product on the page meets."""
        return [*self.base, *(choice.condition for choice in self.choices.values())]


def filters_for(request: ListingRequest, matching: Matching | None) -> Filters:
    """The conditions of a cleaned request. A category is the place on a category page, a facet in a search."""
    base: list[sa.ColumnElement[bool]] = [ProductSearch.published_at <= now()]
    conditions: dict[str, sa.ColumnElement[bool]] = {}
    if matching is not None:
        base.append(_matches(matching))
    if request.category_slug:
        found = category_by_slug(request.category_slug)
        inside = ProductSearch.category_path.contains([found.category.id]) if found else sa.false()
        if matching is None:
            base.append(inside)
        elif found:
            conditions["category"] = inside
    conditions.update(_plain_conditions(request))
    for kind, chosen in (("options", request.options), ("specifications", request.specifications)):
        for name, values in chosen.items():
            conditions[f"{kind}.{name}"] = sa.or_(*(_holds(kind, name, value) for value in values))
    choices = {
        key: Choice(1 << place, condition) for place, (key, condition) in enumerate(conditions.items())
    }
    return Filters(tuple(base), choices)


def _matches(matching: Matching) -> sa.ColumnElement[bool]:
    words = ProductSearch.search_vector.op("@@")(matching.query())
    if matching.exact_product_id is None:
        return words
    return sa.or_(words, ProductSearch.product_id == matching.exact_product_id)


def _plain_conditions(request: ListingRequest) -> dict[str, sa.ColumnElement[bool]]:
    conditions: dict[str, sa.ColumnElement[bool]] = {}
    if request.brands:
        conditions["brand"] = sa.func.coalesce(ProductSearch.brand_slug.in_(request.brands), sa.false())
    prices = []
    if request.price_min is not None:
        prices.append(ProductSearch.price_min >= request.price_min)
    if request.price_max is not None:
        prices.append(ProductSearch.price_min <= request.price_max)
    if prices:
        conditions["price"] = sa.and_(*prices)
    if request.rating_min is not None:
        conditions["rating"] = ProductSearch.rating_average >= request.rating_min
    if request.in_stock:
        conditions["stock"] = ProductSearch.available.is_(True)
    if request.tags:
        conditions["tag"] = ProductSearch.tags.overlap(list(request.tags))
    return conditions


def _holds(kind: str, name: str, value: str) -> sa.ColumnElement[bool]:
    return ProductSearch.facets.contains(sa.cast({kind: {name: [value]}}, JSONB))
