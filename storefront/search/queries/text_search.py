"""The part of a search's statement that is about its text: what matches, and how well.

A product is found when it holds the words (:mod:`expressions`), when it means about the same (``alike_ids``, from the
vector store), or when the text is its SKU or barcode. Its score is the sum of

- how well its name, brand and category hold the words, then how well all of it does (``ts_rank``, weighted by field),
- how much it means the same (cosine similarity, 0 to 1),
- :data:`CODE_SCORE` for the product whose code the text is.

Every product cannot be scored where ten thousand match: those that hold the words in their names come first and
are scored; of the others the best by standing. Only the best of these are weighed over all of their text, which
lies outside of the row and is costly to fetch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, distinct_on

from storefront.core.clock import now
from storefront.search.models import ProductSearch, product_column

CODE_SCORE = 100.0
"""What a product scores above all words when the text is its SKU or barcode."""

FIELD_WEIGHTS = "{0.02,0.1,0.3,1}"
"""What a word counts in descriptions, in specifications, in brand, category and tags, in the name."""

MOST_SCORED = 1_000
"""Above this many matches only those with the words in their names, and the best of the rest, are scored."""

MOST_RANKED = 300
"""How many products an answer puts in order."""

_FROM_NAMES = 500
_FROM_THE_REST = 100
_WEIGHED = 100


@dataclass(frozen=True, slots=True)
class TextShape:
    """The kinds of things a text search holds, without their values.

    ``languages`` are those of the shop's contents: each product is matched by the stemming of its own. ``may_relax``:
    where no product holds all terms, some of them suffice. ``has_code``: the text may be a SKU or a barcode.
    """

    languages: tuple[str, ...]
    may_relax: bool
    has_code: bool


@dataclass(frozen=True, slots=True)
class TextMatch:
    """The text's part of a statement. ``asked`` holds the parsed query of each language, the coded product."""

    shape: TextShape
    asked: sa.CTE

    @property
    def together(self) -> sa.ScalarSelect[bool]:
        """Whether some product holds all terms."""
        return sa.select(self.asked.c.together).scalar_subquery()

    def words(self, vector: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """The product holds the words, in ``vector``."""
        return sa.or_(
            *(
                self._of_language(language, vector.op("@@")(self._query(language)))
                for language in self.shape.languages
            )
        )

    def found(self) -> sa.ColumnElement[bool]:
        """The product belongs to the answer: by its words, by its meaning, by its code."""
        alike = ProductSearch.product_id == sa.any_(_uuids("alike_ids"))
        conditions = [self.words(product_column("search_vector")), alike]
        if self.shape.has_code:
            conditions.append(ProductSearch.product_id == self._coded())
        return sa.or_(*conditions)

    def rank(self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[str]) -> sa.ColumnElement[float]:
        """How well ``vector`` holds the words, about 0 to 1."""
        first, *others = self.shape.languages
        query: Any = self._query(first)
        if others:
            query = sa.case({one: self._query(one) for one in others}, value=language, else_=query)
        weights: Any = sa.literal_column(f"'{FIELD_WEIGHTS}'::real[]")
        return sa.func.ts_rank(weights, vector, query, type_=sa.Float())

    def code_score(self, product_id: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
        """:data:`CODE_SCORE` for the product whose code the text is."""
        if not self.shape.has_code:
            return sa.literal_column("0.0", sa.Float())
        return sa.case((product_id == self._coded(), CODE_SCORE), else_=0.0)

    def _query(self, language: str) -> sa.ScalarSelect[Any]:
        # A sub-select is worked out once; written into each row's condition it would be parsed for each row.
        return sa.select(self.asked.c[_query_name(self.shape, language)]).scalar_subquery()

    def _of_language(self, language: str, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        if len(self.shape.languages) == 1:
            return condition
        return sa.and_(ProductSearch.language == language, condition)

    def _coded(self) -> sa.ScalarSelect[Any]:
        return sa.select(self.asked.c.coded).scalar_subquery()


def text_match(shape: TextShape) -> TextMatch:
    """The text's part of all statements of one shape."""
    everything = [_tsquery(language, "all_terms") for language in shape.languages]
    names = [_query_name(shape, language) for language in shape.languages]
    columns: list[sa.ColumnElement[Any]] = []
    if shape.may_relax:
        holds = sa.or_(*(product_column("search_vector").op("@@")(query) for query in everything))
        moment = sa.bindparam("text_moment", callable_=now, type_=sa.TIMESTAMP(timezone=True))
        holders = sa.exists().where(holds, ProductSearch.published_at <= moment)
        found = sa.select(holders.label("together")).subquery("found")
        columns.append(found.c.together)
        columns += [
            sa.case((found.c.together, query), else_=_tsquery(language, "some_terms")).label(name)
            for language, query, name in zip(shape.languages, everything, names, strict=True)
        ]
    else:
        columns.append(sa.true().label("together"))
        columns += [query.label(name) for query, name in zip(everything, names, strict=True)]
    if shape.has_code:
        columns.append(_coded_product().label("coded"))
    return TextMatch(shape, materialized(sa.select(*columns), "asked"))


def ranked(
    match: TextMatch, hits: sa.CTE, size: sa.ScalarSelect[int], met: Sequence[sa.ColumnElement[bool]]
) -> sa.CTE:
    """The best of ``hits`` as (product_id, score, standing), not yet in order; at most :data:`MOST_RANKED`.

    ``hits`` have product_id, name_vector, language, standing and ``failed`` (0: every facet is met); ``size`` is how
    many there are, ``met`` what a product on the page meets.
    """
    likeness = sa.func.unnest(_uuids("similar_ids"), sa.bindparam("similarities", type_=ARRAY(sa.Float())))
    similar = likeness.table_valued("product_id", "likeness").render_derived(name="similar")
    pool = sa.union_all(*_pool(match, hits, size, met, similar)).subquery("pool")
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
    whole = match.rank(product_column("search_vector"), best.c.language)
    weighed = (
        sa.select(best.c.product_id, best.c.standing, (best.c.score + whole).label("score"))
        .join(ProductSearch, ProductSearch.product_id == best.c.product_id)
        .where(best.c.place <= _WEIGHED)
    )
    # What comes after them stays after them.
    rest = sa.select(best.c.product_id, best.c.standing, best.c.score - 1.0).where(best.c.place > _WEIGHED)
    return sa.union_all(weighed, rest).cte("ranked")


def _pool(
    match: TextMatch,
    hits: sa.CTE,
    size: sa.ScalarSelect[int],
    met: Sequence[sa.ColumnElement[bool]],
    similar: Any,
) -> list[sa.Select[Any]]:
    """Where the products come from that are scored: all hits where they are few, else from three sides."""
    few = size <= MOST_SCORED
    wanted = ("product_id", "name_vector", "language", "standing")
    row = [hits.c[name] for name in wanted]
    product = [product_column(name) for name in wanted]
    in_names = (
        sa.select(*product)
        .where(match.words(product_column("name_vector")), *met, sa.not_(few))
        .order_by(ProductSearch.standing.desc(), ProductSearch.product_id.desc())
        .limit(_FROM_NAMES)
    )
    in_texts = (
        sa.select(*row)
        .where(hits.c.failed == 0, sa.not_(few))
        .order_by(hits.c.standing.desc(), hits.c.product_id.desc())
        .limit(_FROM_THE_REST)
    )
    alike = (
        sa.select(*product)
        .join(similar, similar.c.product_id == ProductSearch.product_id)
        .where(*met, sa.not_(few))
    )
    return [
        sa.select(*row).where(hits.c.failed == 0, few),
        *(sa.select(part.subquery(name)) for name, part in (("in_names", in_names), ("in_texts", in_texts))),
        sa.select(alike.subquery("alike")),
    ]


def materialized(statement: sa.Select[Any] | sa.CompoundSelect[Any], name: str) -> sa.CTE:
    """A common table expression that is worked out once, however often it is read."""
    return statement.cte(name).prefix_with("MATERIALIZED", dialect="postgresql")


def _query_name(shape: TextShape, language: str) -> str:
    return f"query_{shape.languages.index(language)}"


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
