"""The choices of a list as conditions over ``product_search``, one bit for each facet that is chosen.

A product that fails exactly one facet still counts beside that facet's other values. The bits let one scan of the
candidates answer all counts: a row is on the page when no bit is set, and counts for a facet when no bit but that
facet's is.

Statements are built once per :class:`Shape` (what kinds of conditions there are) and run with a request's values:
building one costs more than the database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.catalog.queries import category_by_slug
from storefront.core.clock import now
from storefront.search.queries.facet_numbers import Fact, facet_numbers
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.text_search import TextMatch, TextShape

NO_NUMBER = 0
"""Stands for a fact that no product ever had."""

FacetKey = tuple[str, str]
"""A facet: its kind and, of options and specifications, its own name."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The kinds of a request's conditions, without their values.

    ``in_category`` is a list of one category; in a search the category is a facet like the others. ``numbered`` has an
    entry for each facet chosen by values that have numbers: whether several are chosen, of which one suffices.
    ``measured`` names the other facets: price_min, price_max, rating, stock. ``of_brands``: brands are chosen.
    """

    text: TextShape | None = None
    in_category: bool = False
    numbered: tuple[bool, ...] = ()
    measured: tuple[str, ...] = ()
    of_brands: bool = False

    @property
    def told_by_list(self) -> bool:
        """Whether a category's list knows all that is chosen (:class:`~storefront.search.models.CategoryListing`)."""
        return self.text is None and len(self.numbered) == int(self.of_brands)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as statements take it: its shape, their values, and the bit of each chosen facet."""

    shape: Shape
    values: Mapping[str, Any]
    bits: Mapping[FacetKey, int]


def asked(request: ListingRequest, text: TextShape | None) -> Asked | None:
    """How a cleaned request is put to the database; None where its category does not exist."""
    category = category_by_slug(request.category_slug) if request.category_slug else None
    if request.category_slug and category is None:
        return None
    facets = _numbered(request)
    if category and text:
        facets[("category", "")] = (str(category.category.id),)
    place = [("category", "", str(category.category.id))] if category and text is None else []
    facts = [(*key, value) for key, values in facets.items() for value in values]
    numbers = facet_numbers([*place, *facts])
    measured = {
        "price_min": request.price_min,
        "price_max": request.price_max,
        "rating": request.rating_min,
        "stock": request.in_stock or None,
    }
    given = tuple(name for name, value in measured.items() if value is not None)
    values: dict[str, Any] = {name: measured[name] for name in given if name != "stock"}
    values["category_numbers"] = [numbers.get(fact, NO_NUMBER) for fact in place]
    values["category_id"] = category.category.id if category else None
    several: list[bool] = []
    all_of = [*values["category_numbers"]]
    for place_of, (key, chosen) in enumerate(facets.items()):
        known = _numbers_of(key, chosen, numbers)
        values[f"numbers_{place_of}"] = known
        several.append(len(known) > 1)
        all_of += known[:1] if len(known) == 1 else [] if known else [NO_NUMBER]
    values["all_of"] = all_of
    values["chosen_numbers"] = list(numbers.values())
    values["brand_numbers"] = _numbers_of(("brand", ""), request.brands, numbers)
    keys = [*facets, *dict.fromkeys((name.partition("_")[0], "") for name in given)]
    return Asked(
        shape=Shape(text, bool(place), tuple(several), given, bool(request.brands)),
        values=values,
        bits={key: 1 << place_of for place_of, key in enumerate(keys)},
    )


def _numbered(request: ListingRequest) -> dict[FacetKey, tuple[str, ...]]:
    chosen: dict[FacetKey, tuple[str, ...]] = {("brand", ""): request.brands, ("tag", ""): request.tags}
    chosen |= {("option", name): values for name, values in request.options.items()}
    chosen |= {("specification", name): values for name, values in request.specifications.items()}
    return {key: values for key, values in chosen.items() if values}


def _numbers_of(key: FacetKey, chosen: tuple[str, ...], numbers: Mapping[Fact, int]) -> list[int]:
    found = (numbers.get((*key, value)) for value in chosen)
    return [number for number in found if number is not None]


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions of all requests of one shape over a table: what makes the candidates, and each chosen facet's.

    ``text`` is the text's condition, where there is one; ``chosen`` everything else that a product on the page meets.
    """

    base: tuple[sa.ColumnElement[bool], ...]
    facets: tuple[sa.ColumnElement[bool], ...]
    chosen: tuple[sa.ColumnElement[bool], ...]
    text: tuple[sa.ColumnElement[bool], ...] = ()

    @property
    def all_met(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Everything a product on the page meets."""
        return (*self.text, *self.chosen)

    def failed(self) -> sa.ColumnElement[int]:
        """The bits of the facets that a product fails."""
        total: sa.ColumnElement[int] = sa.literal_column("0::bigint", sa.BigInteger())
        for place, condition in enumerate(self.facets):
            total = total + sa.case(
                (condition, sa.literal_column("0")), else_=sa.literal_column(str(1 << place))
            )
        return total


def filters_for(shape: Shape, text: TextMatch | None, source: sa.FromClause) -> Filters:
    """The conditions over ``source`` of all requests of one shape; ``text`` is the shape's text as a condition."""
    facts = source.c.facet_ids
    numbered = [
        facts.op("&&", is_comparison=True)(_numbers(f"numbers_{place}"))
        for place in range(len(shape.numbered))
    ]
    measured = _measured(shape.measured, source)
    found = (text.found(source),) if text is not None else ()
    base, chosen = [*found, published(source)], [published(source)]
    if shape.in_category:
        base.append(facts.op("@>", is_comparison=True)(_numbers("category_numbers")))
    if shape.in_category or not all(shape.numbered):
        # The index finds what has all the numbers in one go, as fast as the rarest of them allows.
        chosen.append(facts.op("@>", is_comparison=True)(_numbers("all_of")))
    chosen += [condition for condition, several in zip(numbered, shape.numbered, strict=True) if several]
    return Filters(tuple(base), (*numbered, *measured), (*chosen, *measured), found)


def published(source: sa.FromClause) -> sa.ColumnElement[bool]:
    """The day of publication has come, at the moment the statement runs."""
    moment = sa.bindparam("moment", callable_=now, type_=sa.TIMESTAMP(timezone=True), unique=True)
    return source.c.published_at <= moment


def _numbers(parameter: str) -> sa.BindParameter[Any]:
    return sa.bindparam(parameter, type_=ARRAY(sa.Integer()))


def _measured(given: tuple[str, ...], source: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    money = sa.Numeric(12, 2)
    known: dict[str, sa.ColumnElement[bool]] = {
        "price_min": source.c.price_min >= sa.bindparam("price_min", type_=money),
        "price_max": source.c.price_min <= sa.bindparam("price_max", type_=money),
        "rating": source.c.rating_average >= sa.bindparam("rating", type_=sa.Integer()),
        "stock": source.c.available.is_(True),
    }
    prices = [known[name] for name in given if name.startswith("price")]
    others = [known[name] for name in given if not name.startswith("price")]
    return [*([sa.and_(*prices)] if prices else []), *others]
