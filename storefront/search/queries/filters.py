"""The choices of a listing as conditions over ``product_search``, one bit for each facet that is chosen.

A product that fails exactly one facet still counts beside that facet's other values. The bits let one scan
of the candidates answer all counts: a row is on the page when no bit is set, and counts for a facet when no
bit but that facet's is.

Statements are built once per :class:`Shape` (what kinds of conditions there are) and run with a request's
:func:`values_of`: building one costs more than the database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from storefront.catalog.queries import category_by_slug
from storefront.core.clock import now
from storefront.search.models import ProductSearch
from storefront.search.queries.matching import Matching, exact_product, matching_query
from storefront.search.queries.request import ListingRequest

SHAPES_KEPT = 256
NAMED = ("options", "specifications")


@dataclass(frozen=True, slots=True)
class Shape:
    """The kinds of a request's conditions, without their values.

    A category is the place on a category page and a facet in a search. ``named`` holds, for options and for
    specifications, how many values are chosen of the first name, of the second name, and so on.
    """

    text: Literal["none", "written", "terms"] = "none"
    has_exact: bool = False
    category: Literal["none", "place", "facet", "unknown"] = "none"
    plain: tuple[str, ...] = ()
    named: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


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
        total: Any = sa.literal_column("0")
        for choice in self.choices.values():
            total = total + sa.case((choice.condition, 0), else_=choice.bit)
        return sa.cast(total, sa.Integer)

    def all_met(self) -> list[sa.ColumnElement[bool]]:
        """Everything a product on the page meets."""
        return [*self.base, *(choice.condition for choice in self.choices.values())]


def published() -> sa.ColumnElement[bool]:
    """The day of publication has come, at the moment the statement runs."""
    moment = sa.bindparam("moment", callable_=now, type_=sa.TIMESTAMP(timezone=True), unique=True)
    return ProductSearch.published_at <= moment


def shape_of(request: ListingRequest, matching: Matching | None) -> Shape:
    """The shape of a cleaned request."""
    plain = {
        "brand": request.brands,
        "price_min": request.price_min is not None,
        "price_max": request.price_max is not None,
        "rating": request.rating_min,
        "stock": request.in_stock,
        "tag": request.tags,
    }
    return Shape(
        text="none" if matching is None else "terms" if matching.terms else "written",
        has_exact=matching is not None and matching.exact_product_id is not None,
        category=_category_of(request, matching),
        plain=tuple(name for name, chosen in plain.items() if chosen),
        named=(
            tuple(len(values) for values in request.options.values()),
            tuple(len(values) for values in request.specifications.values()),
        ),
    )


def _category_of(
    request: ListingRequest, matching: Matching | None
) -> Literal["none", "place", "facet", "unknown"]:
    if not request.category_slug:
        return "none"
    known = category_by_slug(request.category_slug) is not None
    if matching is None:
        return "place" if known else "unknown"
    return "facet" if known else "none"


def values_of(request: ListingRequest, matching: Matching | None) -> dict[str, Any]:
    """The values that a statement of the request's shape runs with."""
    category = category_by_slug(request.category_slug) if request.category_slug else None
    values: dict[str, Any] = {
        "category_ids": [category.category.id] if category else [],
        "brands": list(request.brands),
        "price_min": request.price_min,
        "price_max": request.price_max,
        "rating": request.rating_min,
        "tags": list(request.tags),
        **(matching.values() if matching else {}),
    }
    for kind, chosen in zip(NAMED, (request.options, request.specifications), strict=True):
        for place, (name, wanted) in enumerate(chosen.items()):
            values[f"{kind}_{place}"] = name
            for number, value in enumerate(wanted):
                values[f"{kind}_{place}_{number}"] = {kind: {name: [value]}}
    return values


@lru_cache(maxsize=SHAPES_KEPT)
def filters_for(shape: Shape) -> Filters:
    """The conditions of all requests of one shape."""
    base: list[sa.ColumnElement[bool]] = [published()]
    conditions: dict[str, sa.ColumnElement[bool]] = {}
    if shape.text != "none":
        words = ProductSearch.search_vector.op("@@")(matching_query(shape.text))
        base.append(sa.or_(words, exact_product()) if shape.has_exact else words)
    inside = ProductSearch.category_path.contains(sa.bindparam("category_ids", type_=ARRAY(sa.Uuid())))
    if shape.category == "place":
        base.append(inside)
    elif shape.category == "unknown":
        base.append(sa.false())
    elif shape.category == "facet":
        conditions["category"] = inside
    conditions.update(_plain_conditions(shape.plain))
    for kind, counts in zip(NAMED, shape.named, strict=True):
        for place, count in enumerate(counts):
            conditions[f"{kind}.{place}"] = sa.or_(*(_holds(f"{kind}_{place}_{n}") for n in range(count)))
    choices = {
        key: Choice(1 << place, condition) for place, (key, condition) in enumerate(conditions.items())
    }
    return Filters(tuple(base), choices)


def _plain_conditions(chosen: tuple[str, ...]) -> dict[str, sa.ColumnElement[bool]]:
    texts, money = ARRAY(sa.Text()), sa.Numeric(12, 2)
    listing = ProductSearch
    known: dict[str, sa.ColumnElement[bool]] = {
        "brand": sa.func.coalesce(
            listing.brand_slug == sa.any_(sa.bindparam("brands", type_=texts)), sa.false()
        ),
        "price_min": listing.price_min >= sa.bindparam("price_min", type_=money),
        "price_max": listing.price_min <= sa.bindparam("price_max", type_=money),
        "rating": listing.rating_average >= sa.bindparam("rating", type_=sa.Integer()),
        "stock": listing.available.is_(True),
        "tag": listing.tags.op("&&")(sa.bindparam("tags", type_=texts)),
    }
    conditions = {name: known[name] for name in chosen if not name.startswith("price_")}
    prices = [known[name] for name in chosen if name.startswith("price_")]
    if prices:
        conditions["price"] = sa.and_(*prices)
    return conditions


def _holds(parameter: str) -> sa.ColumnElement[bool]:
    return ProductSearch.facets.contains(sa.bindparam(parameter, type_=JSONB()))
