"""Whether words of a text may be facts: how many products hold its other words and have them. One small statement.

The sample is asked first; what it hardly holds is rare, and counted in no time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from storefront.core.statements import rows
from storefront.search.models import products_table, sample_table
from storefront.search.queries.answer_statement import SHAPES_KEPT
from storefront.search.queries.engine import Holders
from storefront.search.queries.expressions import first_terms
from storefront.search.queries.facet_numbers import Fact, facet_numbers
from storefront.search.queries.filters import Shape, asked, filters_for
from storefront.search.queries.named_values import named_values
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.text_search import TextShape, materialized
from storefront.search.queries.understanding import Question

ENOUGH = 32
"""So many of the sample are as good as all."""

_NONE = Holders(0, {})


def count_holders(request: ListingRequest, rest: Question, whole: Question, facts: Sequence[Fact]) -> Holders:
    """See :meth:`SearchEngine.holders`."""
    wanted = asked(request, TextShape(named_values().languages, 1, has_code=False))
    numbers = facet_numbers(facts)
    if wanted is None or not numbers:
        return _NONE
    values = {
        **wanted.values,
        "rest": first_terms(rest, len(rest.terms)),
        "whole": first_terms(whole, len(whole.terms)),
        "candidates": list(numbers.values()),
    }
    fact_of = {number: fact for fact, number in numbers.items()}
    worded, of = 0, Counter[frozenset[Fact]]()
    for held, is_worded, count in rows(_statement(wanted.shape), values):
        worded += count if is_worded else 0
        known = [fact_of[number] for number in held]
        for some in (*combinations(known, 1), *combinations(known, 2)):
            of[frozenset(some)] += count
    return Holders(worded, of)


@lru_cache(maxsize=SHAPES_KEPT)
def _statement(shape: Shape) -> sa.Select[Any]:
    """Rows of (numbers held of the candidates, whether it holds all words, how many products)."""
    languages = shape.text.languages if shape.text else ()
    queries = materialized(
        sa.select(
            *(
                sa.func.to_tsquery(
                    sa.func.search_configuration(language),
                    sa.bindparam(name, type_=sa.Text()),
                    type_=TSQUERY,
                ).label(f"{name}_{language}")
                for name in ("rest", "whole")
                for language in languages
            )
        ),
        "asked",
    )

    def holds(name: str, source: sa.FromClause) -> sa.ColumnElement[bool]:
        return sa.or_(
            *(
                sa.and_(
                    source.c.language == language,
                    source.c.search_vector.op("@@", is_comparison=True)(
                        sa.select(queries.c[f"{name}_{language}"]).scalar_subquery()
                    ),
                )
                for language in languages
            )
        )

    candidates = sa.bindparam("candidates", type_=ARRAY(sa.Integer()))

    def those_of(source: sa.FromClause) -> sa.Select[Any]:
        number = sa.func.unnest(source.c.facet_ids).column_valued("number")
        held = sa.select(number).where(number == sa.any_(candidates)).order_by(number)
        whole = holds("whole", source)
        return sa.select(sa.func.array(held.scalar_subquery()).label("held"), whole.label("worded")).where(
            holds("rest", source),
            sa.or_(source.c.facet_ids.op("&&", is_comparison=True)(candidates), whole),
            *filters_for(shape, None, source).chosen,
        )

    sampled = materialized(those_of(sample_table()), "sampled")
    is_enough = sa.select(sa.func.count() >= ENOUGH).select_from(sampled).scalar_subquery()
    found = sa.union_all(
        sa.select(sampled).where(is_enough), those_of(products_table()).where(sa.not_(is_enough))
    ).subquery("found")
    return sa.select(found.c.held, found.c.worded, sa.func.count().label("products")).group_by(
        found.c.held, found.c.worded
    )
