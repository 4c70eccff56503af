"""The part of a search's statement that is about its text: what matches, and how well a product's words do.

A product is found when it holds the words (:mod:`expressions`), when it means about the same (``alike_ids``, from the
vector store), or when the text is its SKU or barcode. Where nothing is called by all the words together and hardly
anything holds them somewhere in its text (:data:`SEVERAL`), some of them suffice: a bottle of wash "for any jacket"
with a red cap is no answer to "red jacket" while there are jackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from storefront.core.clock import now
from storefront.search.models import products_table, sample_table

CODE_SCORE = 100.0
"""What a product scores above all words when the text is its SKU or barcode."""

SEVERAL = 5
"""So many products that hold all words, wherever, are an answer."""

FIELD_WEIGHTS = "{0.02,0.1,0.3,1}"
"""What a word counts in descriptions, in specifications, in brand, category and tags, in the name."""

_PRODUCTS, _SAMPLE = products_table(), sample_table()


@dataclass(frozen=True, slots=True)
class TextShape:
    """The kinds of things a text search holds, without their values.

    ``languages`` are those of the shop's contents: each product is matched by the stemming of its own. ``terms`` is how
    many there are, at least one: where hardly a product holds them all, some of them suffice. ``has_code``: the text
    may be a SKU or a barcode.
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
        """Whether some product is called by all terms, or several hold them."""
        return sa.select(self.asked.c.together).scalar_subquery()

    def all_words(self, source: sa.FromClause) -> sa.ColumnElement[bool]:
        """The product holds all terms. Only of a text that has more than one."""
        return self._of_language("all", source.c.search_vector, source.c.language)

    def words(self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """The product of this ``language`` holds the words, in ``vector``."""
        return self._of_language("query", vector, language)

    def most_words(
        self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[bool]:
        """As :meth:`words`; where not all terms are held, as many of the rarest as some product holds together."""
        return self._of_language("tight", vector, language)

    def found(self, source: sa.FromClause) -> sa.ColumnElement[bool]:
        """The product belongs to the answer: by its words, by its meaning, by its code."""
        alike = source.c.product_id == sa.any_(uuids("alike_ids"))
        conditions = [self.words(source.c.search_vector, source.c.language), alike]
        if self.shape.has_code:
            conditions.append(source.c.product_id == self._coded())
        return sa.or_(*conditions)

    def rank(self, vector: sa.ColumnElement[Any], language: sa.ColumnElement[str]) -> sa.ColumnElement[float]:
        """How well ``vector`` holds the words, about 0 to 1: each counts where it stands, also without the others."""
        first, *others = self.shape.languages
        query: Any = self._query("each", first)
        if others:
            query = sa.case({one: self._query("each", one) for one in others}, value=language, else_=query)
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
            columns.append(everything.label(f"all_{language}"))
            columns.append(sa.case((level == shape.terms, everything), else_=some).label(f"query_{language}"))
            columns.append(sa.case(*tight, else_=_tsquery(language, "terms_1")).label(f"tight_{language}"))
    else:
        columns.append(sa.true().label("together"))
        for language in shape.languages:
            query = _tsquery(language, "terms_1")
            columns += [query.label(f"query_{language}"), query.label(f"tight_{language}")]
    columns += [_tsquery(language, "each_term").label(f"each_{language}") for language in shape.languages]
    if shape.has_code:
        columns.append(_coded_product().label("coded"))
    return TextMatch(shape, materialized(sa.select(*columns), "asked"))


def _levels(shape: TextShape) -> sa.CTE:
    """How many of the rarest terms are held together; fewer are looked for only where more are not found.

    All of them: by the name, brand and category of one product, or by :data:`SEVERAL` somewhere in their texts. Worked
    out once: several columns ask for it.
    """
    everything = f"terms_{shape.terms}"
    together = sa.or_(
        _is_held(shape, everything, "search_vector", SEVERAL), _is_held(shape, everything, "name_vector", 1)
    )
    fewer = [(_is_held(shape, f"terms_{count}"), count) for count in range(shape.terms - 1, 1, -1)]
    return materialized(sa.select(sa.case((together, shape.terms), *fewer, else_=1).label("level")), "levels")


def _is_held(
    shape: TextShape, parameter: str, vector: str = "search_vector", by: int = 1
) -> sa.ColumnElement[bool]:
    """Whether ``by`` products hold these terms. Nobody asks for the first one: for that the planner would read the
    table.

    The sample is asked first: what it does not hold is rare, and counted in no time.
    """

    def holders(source: sa.FromClause) -> sa.ScalarSelect[int]:
        moment = sa.bindparam("text_moment", callable_=now, type_=sa.TIMESTAMP(timezone=True))
        holds = (source.c[vector].op("@@")(_tsquery(language, parameter)) for language in shape.languages)
        counted = sa.select(sa.func.count()).select_from(source)
        return counted.where(sa.or_(*holds), source.c.published_at <= moment).scalar_subquery()

    return sa.case((holders(_SAMPLE) >= by, True), else_=holders(_PRODUCTS) >= by)


def materialized(statement: Any, name: str) -> sa.CTE:
    """A common table expression that is worked out once, however often it is read."""
    made: sa.CTE = statement.cte(name).prefix_with("MATERIALIZED", dialect="postgresql")
    return made


def _tsquery(language: str, parameter: str) -> sa.ColumnElement[Any]:
    configuration = sa.func.search_configuration(language)
    return sa.func.to_tsquery(configuration, sa.bindparam(parameter, type_=sa.Text()), type_=TSQUERY)


def uuids(parameter: str) -> sa.BindParameter[Any]:
    """A parameter that holds ids."""
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
