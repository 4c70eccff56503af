"""The part of a search's statement that is about its text: what matches, and how well.

A product is found when it holds the words (:mod:`expressions`), when it means about the same (``alike_ids``, from the
vector store), or when the text is its SKU or barcode. Its score is the sum of

- how well its name, brand and category hold the words, then how well all of it does (``ts_rank``, weighted by field),
- how much it means the same (cosine similarity, 0 to 1),
- :data:`CODE_SCORE` for the product whose code the text is.

Not everything can be scored where a hundred thousand match. Of what was counted the thousand best are: those that hold
the words in their names, then by standing. Where only the sample was counted, the shop's best products and a bounded
number that hold the words in their names join them. Only the best of all are weighed over the whole of their text,
which lies outside of the row and is costly to fetch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, distinct_on

from storefront.core.clock import now
from storefront.search.models import products_table, sample_table

CODE_SCORE = 100.0
"""What a product scores above all words when the text is its SKU or barcode."""

FIELD_WEIGHTS = "{0.02,0.1,0.3,1}"
"""What a word counts in descriptions, in specifications, in brand, category and tags, in the name."""

MOST_SCORED = 1_000
"""How many of the counted products are scored."""

MOST_RANKED = 300
"""How many products an answer puts in order."""

_LOOKED_THROUGH = 2_000
"""Where only the sample is counted: so many of the shop's best, and so many with the words in their names."""

_WEIGHED = 100
_POOL = ("product_id", "name_vector", "language", "standing")
_PRODUCTS, _SAMPLE = products_table(), sample_table()


Conditions = Callable[[sa.FromClause], Sequence[sa.ColumnElement[bool]]]
"""What rows of a table meet."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """The kinds of things a text search holds, without their values.

    ``languages`` are those of the shop's contents: each product is matched by the stemming of its own. ``terms`` is how
    many there are, at least one: where no product holds them all, some of them suffice. ``has_code``: the text may be a
    SKU or a barcode.
    """

    languages: tuple[str, ...]
    terms: int
    has_code: bool


@dataclass(frozen=True, slots=True)
class TextMatch:
    """The text's part of a statement. ``asked`` holds the parsed queries of each language, the coded product."""

    shape: TextShape
    asked: sa.CTE

    @property
    def together(self) -> sa.ScalarSelect[bool]:
        """Whether some product holds all terms."""
        return sa.select(self.asked.c.together).scalar_subquery()

    def words(self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """The product of this ``language`` holds the words, in ``vector``."""
        return self._of_language("query", vector, language)

    def most_words(
        self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[bool]:
        """As :meth:`words`; where no product holds all terms, as many of the rarest as some product holds together."""
        return self._of_language("tight", vector, language)

    def found(self, source: sa.FromClause) -> sa.ColumnElement[bool]:
        """The product belongs to the answer: by its words, by its meaning, by its code."""
        alike = source.c.product_id == sa.any_(_uuids("alike_ids"))
        conditions = [self.words(source.c.search_vector, source.c.language), alike]
        if self.shape.has_code:
            conditions.append(source.c.product_id == self._coded())
        return sa.or_(*conditions)

    def rank(self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[str]) -> sa.ColumnElement[float]:
        """How well ``vector`` holds the words, about 0 to 1."""
        first, *others = self.shape.languages
        query: Any = self._query("query", first)
        if others:
            query = sa.case({one: self._query("query", one) for one in others}, value=language, else_=query)
        weights: Any = sa.literal_column(f"'{FIELD_WEIGHTS}'::real[]")
        return sa.func.ts_rank(weights, vector, query, type_=sa.Float())

    def code_score(self, product_id: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
        """:data:`CODE_SCORE` for the product whose code the text is."""
        if not self.shape.has_code:
            return sa.literal_column("0.0", sa.Float())
        return sa.case((product_id == self._coded(), CODE_SCORE), else_=0.0)

    def _query(self, kind: str, language: str) -> sa.ScalarSelect[Any]:
        # A sub-select is worked out once; written into each row's condition it would be parsed for each row.
        return sa.select(self.asked.c[f"{kind}_{language}"]).scalar_subquery()

    def _of_language(
        self, kind: str, vector: sa.ColumnElement[Any], language: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[bool]:
        holds = {one: vector.op("@@")(self._query(kind, one)) for one in self.shape.languages}
        if len(holds) == 1:
            return next(iter(holds.values()))
        return sa.or_(*(sa.and_(language == one, condition) for one, condition in holds.items()))

    def _coded(self) -> sa.ScalarSelect[Any]:
        return sa.select(self.asked.c.coded).scalar_subquery()


def text_match(shape: TextShape) -> TextMatch:
    """The text's part of all statements of one shape."""
    columns: list[sa.ColumnElement[Any]] = []
    if shape.terms > 1:
        levels = _levels(shape)
        level = sa.select(levels.c.level).scalar_subquery()
        columns.append((level == shape.terms).label("together"))
        for language in shape.languages:
            tight = [
                (level == count, _tsquery(language, f"terms_{count}")) for count in range(2, shape.terms + 1)
            ]
            everything, some = _tsquery(language, f"terms_{shape.terms}"), _tsquery(language, "some_terms")
            columns.append(sa.case((level == shape.terms, everything), else_=some).label(f"query_{language}"))
            columns.append(sa.case(*tight, else_=_tsquery(language, "terms_1")).label(f"tight_{language}"))
    else:
        columns.append(sa.true().label("together"))
        for language in shape.languages:
            query = _tsquery(language, "terms_1")
            columns += [query.label(f"query_{language}"), query.label(f"tight_{language}")]
    if shape.has_code:
        columns.append(_coded_product().label("coded"))
    return TextMatch(shape, materialized(sa.select(*columns), "asked"))


def _levels(shape: TextShape) -> sa.CTE:
    """How many of the rarest terms some product holds together; fewer are looked for only where more are not found.

    Worked out once: four columns ask for it.
    """
    cases = [(_is_held(shape, f"terms_{count}"), count) for count in range(shape.terms, 1, -1)]
    return materialized(sa.select(sa.case(*cases, else_=1).label("level")), "levels")


def _is_held(shape: TextShape, parameter: str) -> sa.ColumnElement[bool]:
    """Whether some product holds these terms. Nobody asks for the first one: for that the planner would read the table.

    The sample is asked first: what it does not hold is rare, and counted in no time.
    """

    def holders(source: sa.FromClause) -> sa.ScalarSelect[int]:
        moment = sa.bindparam("text_moment", callable_=now, type_=sa.TIMESTAMP(timezone=True))
        holds = (
            source.c.search_vector.op("@@")(_tsquery(language, parameter)) for language in shape.languages
        )
        counted = sa.select(sa.func.count()).select_from(source)
        return counted.where(sa.or_(*holds), source.c.published_at <= moment).scalar_subquery()

    return sa.case((holders(_SAMPLE) > 0, True), else_=holders(_PRODUCTS) > 0)


def ranked(match: TextMatch, hits: sa.CTE, is_sample: sa.ColumnElement[bool], chosen: Conditions) -> sa.CTE:
    """The best of ``hits`` as (product_id, score, standing), not yet in order; at most :data:`MOST_RANKED`.

    ``hits`` have product_id, name_vector, language, standing and ``failed`` (0: every facet is met). ``is_sample`` says
    whether they stand for many more; ``chosen`` is what a product on the page meets besides the text.
    """
    likeness = sa.func.unnest(_uuids("similar_ids"), sa.bindparam("similarities", type_=ARRAY(sa.Float())))
    similar = likeness.table_valued("product_id", "likeness").render_derived(name="similar")
    pool = sa.union_all(*_pool(match, hits, is_sample, chosen, similar)).subquery("pool")
    score = (
        match.rank(pool.c.name_vector, pool.c.language)
        + sa.func.coalesce(similar.c.likeness, 0.0)
        + match.code_score(pool.c.product_id)
    )
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


def _pool(
    match: TextMatch, hits: sa.CTE, is_sample: sa.ColumnElement[bool], chosen: Conditions, similar: Any
) -> list[sa.Select[Any]]:
    """Where the products come from that are scored: the hits, and from four more sides where they are a sample."""

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
    if match.shape.terms > 1:
        parts["with_most"] = those_of(_PRODUCTS, tight, sa.not_(match.together)).limit(MOST_SCORED)
    return [sa.select(part.subquery(name)) for name, part in parts.items()]


def materialized(statement: Any, name: str) -> sa.CTE:
    """A common table expression that is worked out once, however often it is read."""
    made: sa.CTE = statement.cte(name).prefix_with("MATERIALIZED", dialect="postgresql")
    return made


def _tsquery(language: str, parameter: str) -> sa.ColumnElement[Any]:
    configuration = sa.func.search_configuration(language)
    return sa.func.to_tsquery(configuration, sa.bindparam(parameter, type_=sa.Text()), type_=TSQUERY)


def _uuids(parameter: str) -> sa.BindParameter[Any]:
    return sa.bindparam(parameter, type_=ARRAY(sa.Uuid()))


_products = sa.table(
    "products",
    *(sa.column(name) for name in ("id", "parent_id", "sku", "barcode", "deleted_at")),
    sa.column("is_active", sa.Boolean()),
)


def _coded_product() -> sa.ScalarSelect[Any]:
    """The listed product, or the parent of the variant, whose SKU or barcode is ``:code``."""
    code = sa.bindparam("code", type_=sa.Text())
    return (
        sa.select(sa.func.coalesce(_products.c.parent_id, _products.c.id))
        .where(
            sa.or_(_products.c.sku.in_((code, sa.func.upper(code))), _products.c.barcode == code),
            _products.c.deleted_at.is_(None),
            _products.c.is_active,
        )
        .limit(1)
        .scalar_subquery()
    )
