"""The counts beside a list: all facets, the total and the price ranges, in one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from storefront.catalog.queries import CategoryNode, category_by_slug, category_tree
from storefront.core.db import session
from storefront.search.models import ProductSearch
from storefront.search.queries.filters import SHAPES_KEPT, Filters, Shape, filters_for
from storefront.search.queries.matching import holds_all_terms
from storefront.search.queries.price_ranges import PRICE_STEPS, price_ranges
from storefront.search.queries.request import ListingRequest

MOST_SPECIFICATIONS = 6
MOST_OPTIONS = 5
_RARE = 8
_SAMPLE = 400
_MOST_VALUES = 60
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
    rows = session().execute(_statement(shape), values).all()
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


@lru_cache(maxsize=SHAPES_KEPT)
def _statement(shape: Shape) -> sa.CompoundSelect[Any]:
    filters = filters_for(shape)
    candidate = (
        sa.select(
            ProductSearch.product_id,
            ProductSearch.has_variants,
            ProductSearch.brand_slug,
            ProductSearch.brand_name,
            ProductSearch.category_path,
            ProductSearch.price_min,
            ProductSearch.rating_average,
            ProductSearch.available,
            ProductSearch.tags,
            filters.failed().label("failed"),
        )
        .where(*filters.base)
        .cte("candidate")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return sa.union_all(
        _total(candidate, filters, shape),
        _grouped("brand", candidate, filters.bit("brand"), candidate.c.brand_slug, candidate.c.brand_name),
        _unnested("category", candidate, filters.bit("category"), candidate.c.category_path),
        _grouped("price", candidate, filters.bit("price"), _price_step(candidate)),
        _grouped("rating", candidate, filters.bit("rating"), sa.func.floor(candidate.c.rating_average)),
        _grouped("stock", candidate, filters.bit("stock"), candidate.c.available),
        _unnested("tag", candidate, filters.bit("tag"), candidate.c.tags),
        _options(candidate, filters),
        _specifications(candidate, filters, len(shape.named[1])),
    )


def _row(kind: str, name: Any, value: Any, label: Any, n: Any) -> tuple[sa.ColumnElement[Any], ...]:
    return (
        sa.literal(kind).label("kind"),
        sa.cast(name, sa.Text).label("name"),
        sa.cast(value, sa.Text).label("value"),
        sa.cast(label, sa.Text).label("label"),
        sa.cast(n, sa.BigInteger).label("n"),
    )


def _met_but(failed: sa.ColumnElement[int], bit: int | sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """No facet failed but, perhaps, the one with ``bit``."""
    return sa.or_(failed == 0, failed == bit)


def _total(candidate: sa.CTE, filters: Filters, shape: Shape) -> sa.Select[Any]:
    on_page = candidate.c.failed == 0
    but_price = _met_but(candidate.c.failed, filters.bit("price"))
    span = (
        sa.cast(sa.func.min(candidate.c.price_min).filter(but_price), sa.Text)
        + "-"
        + sa.cast(sa.func.max(candidate.c.price_min).filter(but_price), sa.Text)
    )
    together: Any = sa.literal("together")
    if shape.text == "terms":
        together = sa.case((holds_all_terms(), "together"), else_="apart")
    return sa.select(
        *_row("total", together, sa.func.coalesce(span, "-"), "", sa.func.count().filter(on_page))
    ).select_from(candidate)


def _grouped(
    kind: str, candidate: sa.CTE, bit: int, value: sa.ColumnElement[Any], label: Any = None
) -> sa.Select[Any]:
    shown = value if label is None else sa.func.min(label)
    return (
        sa.select(*_row(kind, "", value, shown, sa.func.count()))
        .where(_met_but(candidate.c.failed, bit), value.isnot(None))
        .group_by(value)
    )


def _unnested(kind: str, candidate: sa.CTE, bit: int, values: sa.ColumnElement[Any]) -> sa.Select[Any]:
    element = sa.func.unnest(values).table_valued("element").render_derived(name=f"{kind}_element")
    return (
        sa.select(*_row(kind, "", element.c.element, element.c.element, sa.func.count()))
        .select_from(candidate.join(element, sa.true()))
        .where(_met_but(candidate.c.failed, bit))
        .group_by(element.c.element)
        .order_by(sa.func.count().desc())
        .limit(500 if kind == "category" else _MOST_VALUES)
    )


def _price_step(candidate: sa.CTE) -> sa.ColumnElement[int]:
    # Written out, not sent along each time: the steps never change.
    written = ",".join(str(step) for step in PRICE_STEPS)
    steps: sa.ColumnElement[Any] = sa.literal_column("'{" + written + "}'::numeric[]")
    return sa.func.width_bucket(candidate.c.price_min, steps)


def _options(candidate: sa.CTE, filters: Filters) -> sa.Select[Any]:
    # The facets' jsonb is wide and stored aside: it is read only for rows that have options.
    wide = aliased(ProductSearch)
    axis = (
        sa.func.jsonb_each(wide.facets["options"])
        .table_valued("key", sa.column("value", JSONB))
        .render_derived(name="axis")
    )
    element = (
        sa.func.jsonb_array_elements_text(axis.c.value)
        .table_valued("element")
        .render_derived(name="option_value")
    )
    bit = _bit_of(filters, "options", axis.c.key)
    return (
        sa.select(*_row("option", axis.c.key, element.c.element, element.c.element, sa.func.count()))
        .select_from(
            candidate.join(wide, wide.product_id == candidate.c.product_id)
            .join(axis, sa.true())
            .join(element, sa.true())
        )
        .where(candidate.c.has_variants, _met_but(candidate.c.failed, bit))
        .group_by(axis.c.key, element.c.element)
        .order_by(sa.func.count().desc())
        .limit(200)
    )


def _bit_of(filters: Filters, kind: str, name: sa.ColumnElement[str]) -> Any:
    bits = {
        key.removeprefix(f"{kind}."): one.bit
        for key, one in filters.choices.items()
        if key.startswith(f"{kind}.")
    }
    if not bits:
        return 0
    return sa.case(*((name == _name(kind, place), bit) for place, bit in bits.items()), else_=0)


def _name(kind: str, place: str | int) -> sa.BindParameter[str]:
    """The name of an option or specification of which something is chosen."""
    return sa.bindparam(f"{kind}_{place}", type_=sa.Text())


def _specifications(candidate: sa.CTE, filters: Filters, chosen_names: int) -> sa.Select[Any]:
    """The few specifications that matter here: on many of the products, with few values, each often met.

    They are found on a sample of the candidates whatever is chosen, so that they stay in place while the
    shopper narrows; feeds with thousands of names cost no more than tidy ones.
    """
    some = sa.select(candidate.c.product_id).limit(_SAMPLE).subquery("some")
    sample = (
        sa.select(ProductSearch.facets)
        .join(some, some.c.product_id == ProductSearch.product_id)
        .cte("sample")
    )
    pair = _pairs(sample.c.facets, "sampled")
    holders = sa.func.count()
    values = sa.func.count(sa.distinct(pair.c.value))
    sampled = sa.select(sa.func.count()).select_from(sample).scalar_subquery()
    names = [pair.c.key == _name("specifications", place) for place in range(chosen_names)]
    is_chosen = sa.or_(sa.false(), *names)
    chosen_first = [sa.case((is_chosen, 0), else_=1)] if names else []
    matter = (
        sa.select(pair.c.key)
        .select_from(sample.join(pair, sa.true()))
        .group_by(pair.c.key)
        .having(
            sa.or_(
                is_chosen,
                sa.and_(values.between(2, 24), holders >= 2 * values, holders * 4 >= sampled, holders > 3),
            )
        )
        .order_by(*chosen_first, holders.desc(), values, pair.c.key)
        .limit(MOST_SPECIFICATIONS + chosen_names)
        .cte("matter")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    wide = aliased(ProductSearch)
    element = (
        sa.func.jsonb_array_elements_text(wide.facets["specifications"].op("->")(matter.c.key))
        .table_valued("element")
        .render_derived(name="specification_value")
    )
    bit = _bit_of(filters, "specifications", matter.c.key)
    return (
        sa.select(*_row("specification", matter.c.key, element.c.element, element.c.element, sa.func.count()))
        .select_from(
            candidate.join(matter, sa.true())
            .join(wide, wide.product_id == candidate.c.product_id)
            .join(element, sa.true())
        )
        .where(_met_but(candidate.c.failed, bit))
        .group_by(matter.c.key, element.c.element)
        .order_by(sa.func.count().desc())
        .limit(400)
    )


def _pairs(facets: sa.ColumnElement[Any], name: str) -> Any:
    """The (key, value) pairs of the specifications, a value list as its text: enough to see how they vary."""
    return (
        sa.func.jsonb_each(facets["specifications"])
        .table_valued("key", sa.column("value", JSONB))
        .render_derived(name=name)
    )


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
