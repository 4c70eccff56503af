"""The counts beside a list as SQL: one scan of the candidates, one branch for each facet."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from storefront.search.models import ProductSearch
from storefront.search.queries.filters import SHAPES_KEPT, Filters, Shape, filters_for
from storefront.search.queries.matching import holds_all_terms
from storefront.search.queries.price_ranges import PRICE_STEPS

MOST_SPECIFICATIONS = 6
_SAMPLE = 400
_MOST_VALUES = 60


@lru_cache(maxsize=SHAPES_KEPT)
def facets_statement(shape: Shape) -> sa.CompoundSelect[Any]:
    """Rows of (kind, name, value, label, n) for all requests of one shape; ``total`` comes with the price span."""
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
