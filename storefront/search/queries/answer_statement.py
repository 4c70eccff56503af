"""One statement that counts everything beside a list and, for a text, ranks what was found.

The candidates (text and place met) are read once. First those of the fixed sample, which is small and lies together.
Where they say that there are too many to read, they stand for the rest and the counts are estimates; else all are read
and the counts are exact. Where they are too many, but few of them meet all that is chosen, these few are read: then
only what stands beside the chosen values is estimated.

The answer is one row of JSON texts: with hundreds of counts, rows of their own would cost the program more than the
counting costs the database. A row of ``cells`` is [cell, count, least price, most price], where ``cell`` packs what
was failed, the step of the price, the stars and whether it is available; a row of ``facts`` is [failed, kind, name,
value, label, count].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from storefront.search.models import SAMPLED_SHARE, FacetValue, products_table, sample_table
from storefront.search.queries.filters import Filters, Shape, filters_for
from storefront.search.queries.ranking import Conditions, ranked
from storefront.search.queries.text_search import TextMatch, materialized, text_match

SHAPES_KEPT = 256
COUNTED_EXACTLY = 10_000
"""A total up to here is always exact."""

TOO_MANY = COUNTED_EXACTLY * 6 // 5
_MOST_MET = TOO_MANY * 2
_MOST_OF_KIND = {"specification": 1_200, "category": 1_000}
_MOST_OF_OTHERS = 400
"""How many facts of each kind are counted: a feed with thousands of specifications crowds out no brand."""
_SEVERAL = -1
"""Stands for "failed more than one facet": such products count nowhere, but say which specifications are common."""

STEPS, STARS = 64, 8
_ABOUT_ALL = sa.literal_column(
    "(SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'product_search'::regclass)", sa.Float()
)
_PRODUCTS, _SAMPLE = products_table(), sample_table()


@dataclass(frozen=True, slots=True)
class Cell:
    """What a product counts as besides its facts."""

    failed: int
    price_step: int
    stars: int
    available: bool


@lru_cache(maxsize=4_096)
def unpacked(cell: int) -> Cell:
    """The cell of its packed number."""
    rest, available = divmod(cell, 2)
    rest, stars = divmod(rest, STARS)
    failed, price_step = divmod(rest, STEPS)
    return Cell(failed, price_step, stars, bool(available))


@lru_cache(maxsize=SHAPES_KEPT)
def answer_statement(shape: Shape, *, by_relevance: bool) -> sa.Select[Any]:
    """One row (hits, cells, facts, size, products, few_meet_all, together) for all requests of one shape.

    ``hits`` are [product_id, score] of the page, only with a text and ``by_relevance``.
    """
    match = text_match(shape.text) if shape.text else None
    sampled = filters_for(shape, match, _SAMPLE)
    filters = filters_for(shape, match, _PRODUCTS)
    sample = materialized(
        sa.select(*_carried(shape, by_relevance, sampled, _SAMPLE)).where(*sampled.base), "sample"
    )
    sizes = materialized(
        sa.select(
            (sa.func.count() * SAMPLED_SHARE).label("found"),
            (sa.func.count().filter(sample.c.failed == 0) * SAMPLED_SHARE).label("met"),
        ).select_from(sample),
        "sizes",
    )
    size = sa.select(sizes.c.found).scalar_subquery()
    few_meet_all = _few_meet_all(filters, sizes)
    everything = materialized(
        sa.select(*_carried(shape, by_relevance, filters, _PRODUCTS)).where(*filters.base, size <= TOO_MANY),
        "everything",
    )
    parts = [
        sa.select(sample).where(size > TOO_MANY, sa.or_(sample.c.failed != 0, sa.not_(few_meet_all))),
        sa.select(everything),
    ]
    if filters.facets:
        met = sa.select(*_carried(shape, by_relevance, filters, _PRODUCTS)).where(
            *filters.all_met, few_meet_all
        )
        parts.append(sa.select(materialized(met.limit(_MOST_MET), "met")))
    hits = sa.union_all(*parts).cte("hits")
    is_sample = sa.and_(size > TOO_MANY, sa.not_(few_meet_all))

    def chosen(source: sa.FromClause) -> Sequence[sa.ColumnElement[bool]]:
        return filters_for(shape, None, source).chosen

    columns: list[sa.ColumnElement[Any]] = [
        _cells(hits).label("cells"),
        _facts(hits, shape).label("facts"),
        size.label("size"),
        _ABOUT_ALL.label("products"),
        few_meet_all.label("few_meet_all"),
        (match.together if match else sa.true()).label("together"),
        (_hits(match, hits, is_sample, chosen) if match and by_relevance else sa.null()).label("hits"),
    ]
    return sa.select(*columns)


def _carried(
    shape: Shape, by_relevance: bool, filters: Filters, source: sa.FromClause
) -> list[sa.ColumnElement[Any]]:
    """What is read of each candidate."""
    names = ["product_id", "facet_ids", "price_min"]
    if shape.text and by_relevance:
        names += ["name_vector", "language", "standing"]
    failed = filters.failed()
    stars = sa.cast(sa.func.trunc(source.c.rating_average), sa.Integer)
    cell = (failed * STEPS + source.c.price_step) * STARS + stars
    packed = cell * 2 + sa.cast(source.c.available, sa.Integer)
    return [*(source.c[name] for name in names), failed.label("failed"), packed.label("cell")]


def _cells(hits: sa.CTE) -> sa.ScalarSelect[Any]:
    counted = (
        sa.select(
            hits.c.cell,
            sa.func.count().label("n"),
            sa.func.min(hits.c.price_min).label("least"),
            sa.func.max(hits.c.price_min).label("most"),
        )
        .group_by(hits.c.cell)
        .subquery("counted")
    )
    row = sa.func.json_build_array(counted.c.cell, counted.c.n, counted.c.least, counted.c.most)
    return _as_text(row, counted)


def _facts(hits: sa.CTE, shape: Shape) -> sa.ScalarSelect[Any]:
    chosen = shape.numbered or shape.measured
    failed: sa.ColumnElement[Any] = sa.literal_column("0")
    if chosen:
        is_one = hits.c.failed.op("&")(hits.c.failed - 1) == 0
        failed = sa.case((is_one, hits.c.failed), else_=_SEVERAL)
    numbers = sa.select(failed.label("failed"), sa.func.unnest(hits.c.facet_ids).label("number")).subquery(
        "numbers"
    )
    counted = (
        sa.select(numbers.c.failed, numbers.c.number, sa.func.count().label("n"))
        .group_by(numbers.c.failed, numbers.c.number)
        .subquery("counted_numbers")
    )
    named = (
        sa.select(
            counted.c.failed,
            counted.c.number,
            FacetValue.kind,
            FacetValue.name,
            FacetValue.value,
            FacetValue.label,
            counted.c.n,
            sa.func.row_number()
            .over(partition_by=FacetValue.kind, order_by=(counted.c.n.desc(), counted.c.number))
            .label("place"),
        )
        .join(FacetValue, FacetValue.id == counted.c.number)
        .where(sa.or_(counted.c.failed != _SEVERAL, FacetValue.kind == "specification"))
        .subquery("named")
    )
    most = sa.case(_MOST_OF_KIND, value=named.c.kind, else_=_MOST_OF_OTHERS)
    chosen_number = named.c.number == sa.any_(sa.bindparam("chosen_numbers", type_=ARRAY(sa.Integer())))
    kept = (
        sa.select(*(named.c[name] for name in ("failed", "kind", "name", "value", "label", "n")))
        .where(sa.or_(named.c.place <= most, chosen_number))
        .subquery("kept")
    )
    return _as_text(sa.func.json_build_array(*kept.c), kept)


def _few_meet_all(filters: Filters, sizes: sa.CTE) -> sa.ColumnElement[bool]:
    """Whether so few meet all that is chosen that they can be read, where the candidates are too many."""
    if not filters.facets:
        return sa.false()
    return sa.select(sa.and_(sizes.c.found > TOO_MANY, sizes.c.met <= TOO_MANY)).scalar_subquery()


def _hits(
    match: TextMatch, hits: sa.CTE, is_sample: sa.ColumnElement[bool], chosen: Conditions
) -> sa.ScalarSelect[Any]:
    best = ranked(match, hits, is_sample, chosen)
    order = (best.c.score.desc(), best.c.standing.desc(), best.c.product_id)
    page = (
        sa.select(best.c.product_id, best.c.score, sa.func.row_number().over(order_by=order).label("place"))
        .order_by(*order)
        .limit(sa.bindparam("page_size", type_=sa.Integer()))
        .offset(sa.bindparam("skipped", type_=sa.Integer()))
        .subquery("page")
    )
    return _as_text(sa.func.json_build_array(page.c.product_id, page.c.score), page, page.c.place)


def _as_text(
    row: sa.ColumnElement[Any], rows: sa.Subquery, order: sa.ColumnElement[Any] | None = None
) -> sa.ScalarSelect[Any]:
    listed: Any = row if order is None else aggregate_order_by(row, order)
    return sa.select(sa.cast(sa.func.json_agg(listed), sa.Text)).select_from(rows).scalar_subquery()
