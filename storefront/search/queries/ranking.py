"""The order of a text's products.

The score of a product is the sum of

- how well its name, brand and category hold the words, then how well all of it does (``ts_rank``, weighted by field),
- how much it means the same (cosine similarity, 0 to 1),
- :data:`CODE_SCORE` for the product whose code the text is,
- :data:`ALL_WORDS_SCORE` for what holds all words somewhere, where some of them suffice.

Not everything can be scored where a hundred thousand match. Of what was counted the thousand best are: those that hold
the words in their names, then by standing. Where only the sample was counted, the shop's best products and a bounded
number that hold the words in their names join them. Only the best of all are weighed over the whole of their text,
which lies outside of the row and is costly to fetch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from storefront.search.models import products_table
from storefront.search.queries.text_search import SEVERAL, TextMatch, materialized, uuids

ALL_WORDS_SCORE = 0.25
"""What holding all the words somewhere counts where some suffice: about as one of two words in the name."""

MOST_SCORED = 1_000
"""How many of the counted products are scored."""

MOST_RANKED = 300
"""How many products an answer puts in order."""

_LOOKED_THROUGH = 2_000
"""Where only the sample is counted: so many of the shop's best, and so many with the words in their names."""

_WEIGHED = 100
_POOL = ("product_id", "name_vector", "language", "standing")
_PRODUCTS = products_table()

Conditions = Callable[[sa.FromClause], Sequence[sa.ColumnElement[bool]]]
"""What rows of a table meet."""


def ranked(match: TextMatch, hits: sa.CTE, is_sample: sa.ColumnElement[bool], chosen: Conditions) -> sa.CTE:
    """The best of ``hits`` as (product_id, score, standing), not yet in order; at most :data:`MOST_RANKED`.

    ``hits`` have product_id, name_vector, language, standing and ``failed`` (0: every facet is met). ``is_sample`` says
    whether they stand for many more; ``chosen`` is what a product on the page meets besides the text.
    """
    likeness = sa.func.unnest(uuids("similar_ids"), sa.bindparam("similarities", type_=ARRAY(sa.Float())))
    similar = likeness.table_valued("product_id", "likeness").render_derived(name="similar")
    whole_holders = _holders_of_all(match, chosen) if match.shape.terms > 1 else None
    pool = sa.union_all(*_pool(match, hits, is_sample, chosen, similar, whole_holders)).subquery("pool")
    score = (
        match.rank(pool.c.name_vector, pool.c.language)
        + sa.func.coalesce(similar.c.likeness, 0.0)
        + match.code_score(pool.c.product_id)
    )
    if whole_holders is not None:
        holds_all = pool.c.product_id.in_(sa.select(whole_holders.c.product_id))
        score = score + sa.case((holds_all, ALL_WORDS_SCORE), else_=0.0)
    scored = (
        sa.select(pool.c.product_id, pool.c.language, pool.c.standing, score.label("score"))
        .select_from(pool.outerjoin(similar, similar.c.product_id == pool.c.product_id))
        .ext(distinct_on(pool.c.product_id))
        .order_by(pool.c.product_id)
        .subquery("scored")
    )
    best_first = (scored.c.score.desc(), scored.c.standing.desc(), scored.c.product_id)
    best = materialized(
        sa.select(scored, sa.func.row_number().over(order_by=best_first).label("place"))
        .order_by(*best_first)
        .limit(MOST_RANKED),
        "best",
    )
    whole = match.rank(_PRODUCTS.c.search_vector, best.c.language)
    weighed = (
        sa.select(best.c.product_id, best.c.standing, (best.c.score + whole).label("score"))
        .join(_PRODUCTS, _PRODUCTS.c.product_id == best.c.product_id)
        .where(best.c.place <= _WEIGHED)
    )
    # What comes after them stays after them.
    rest = sa.select(best.c.product_id, best.c.standing, best.c.score - 1.0).where(best.c.place > _WEIGHED)
    return sa.union_all(weighed, rest).cte("ranked")


def _holders_of_all(match: TextMatch, chosen: Conditions) -> sa.CTE:
    """The few that hold all terms, where some of them suffice."""
    few = sa.select(*(_PRODUCTS.c[name] for name in _POOL)).where(
        match.all_words(_PRODUCTS), *chosen(_PRODUCTS), sa.not_(match.together)
    )
    return materialized(few.limit(SEVERAL), "whole_holders")


def _pool(
    match: TextMatch,
    hits: sa.CTE,
    is_sample: sa.ColumnElement[bool],
    chosen: Conditions,
    similar: Any,
    whole_holders: sa.CTE | None,
) -> list[sa.Select[Any]]:
    """Where the products come from that are scored: the hits, and from more sides where they are a sample."""

    def those_of(source: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(*(source.c[name] for name in _POOL)).where(*conditions, *chosen(source), is_sample)

    def in_name(source: sa.FromClause) -> sa.ColumnElement[bool]:
        return match.words(source.c.name_vector, source.c.language)

    counted = (
        sa.select(*(hits.c[name] for name in _POOL))
        .where(hits.c.failed == 0)
        .order_by(in_name(hits).desc(), hits.c.standing.desc(), hits.c.product_id.desc())
        .limit(MOST_SCORED)
    )
    best = (
        sa.select(_PRODUCTS)
        .order_by(_PRODUCTS.c.standing.desc(), _PRODUCTS.c.product_id.desc())
        .limit(_LOOKED_THROUGH)
        .subquery("shops_best")
    )
    of_best = those_of(best, in_name(best))
    in_names = those_of(_PRODUCTS, in_name(_PRODUCTS)).limit(_LOOKED_THROUGH)
    alike = those_of(_PRODUCTS).join(similar, similar.c.product_id == _PRODUCTS.c.product_id)
    tight = match.most_words(_PRODUCTS.c.search_vector, _PRODUCTS.c.language)
    parts = {"counted": counted, "of_best": of_best, "in_names": in_names, "alike": alike}
    if whole_holders is not None:
        parts["with_all"] = sa.select(whole_holders)
        parts["with_most"] = those_of(_PRODUCTS, tight, sa.not_(match.together)).limit(MOST_SCORED)
    return [sa.select(part.subquery(name)) for name, part in parts.items()]
