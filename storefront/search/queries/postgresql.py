"""The engine that every shop has: the database itself."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from storefront.core.cache import CacheKind, remembered
from storefront.core.db import release
from storefront.core.statements import first, rows
from storefront.providers.vector_store import Near
from storefront.search.queries import expressions
from storefront.search.queries.answer_statement import (
    answer_statement,
)
from storefront.search.queries.begun import products_begun
from storefront.search.queries.counted import Counts, read_counts
from storefront.search.queries.engine import EngineAnswer, Hit, Holders
from storefront.search.queries.facet_numbers import Fact
from storefront.search.queries.filters import Asked, Shape, asked
from storefront.search.queries.holding import count_holders
from storefront.search.queries.list_statement import (
    MOST_BY_NUMBER,
    Way,
    are_few,
    list_statement,
    looked_through,
    position_at,
    position_values,
    read_position,
)
from storefront.search.queries.named_values import named_values
from storefront.search.queries.neighbours import nearest_products
from storefront.search.queries.ranking import MOST_RANKED
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.text_search import TextShape
from storefront.search.queries.understanding import Question

ALIKE_AT_LEAST = 0.4
"""Cosine similarity from which a product is found by its meaning alone ..."""

ALIKE_SHARE = 0.75
"""... where it is also this near to the nearest one's."""

NEAREST = 200
"""How many neighbours in meaning are looked at."""

NOTHING = EngineAnswer((), 0, True, True, (), None, None, None)
_HITS = msgspec.json.Decoder(list[tuple[uuid.UUID, float]])
_WORD = re.compile(r"\w+")


class PostgreSQLEngine:
    """Finds with full text, numbered facts and vectors: a text in one statement, a list in two."""

    def answer(
        self, request: ListingRequest, question: Question | None, vector: Sequence[float] | None
    ) -> EngineAnswer:
        """See :meth:`SearchEngine.answer`."""
        text = text_shape(question) if question else None
        wanted = asked(request, text)
        if wanted is None:
            return NOTHING
        values = dict(wanted.values)
        near = nearest_products(vector, NEAREST) if question and vector else []
        if question:
            values |= _text_values(question, near)
        is_ranked = question and request.sort == "relevance"
        answer = (_ranked if is_ranked else _listed)(request, wanted, values)
        return replace(answer, by_meaning=bool(near))

    def holders(
        self, request: ListingRequest, rest: Question, whole: Question, facts: Sequence[Fact]
    ) -> Holders:
        """See :meth:`SearchEngine.holders`."""
        return count_holders(request, rest, whole, facts)

    def suggest(self, typed: str, limit: int) -> list[uuid.UUID]:
        """See :meth:`SearchEngine.suggest`."""
        return products_begun(_WORD.findall(typed.lower()), limit)


def text_shape(question: Question) -> TextShape:
    """What kinds of things ``question`` holds."""
    return TextShape(named_values().languages, max(1, len(question.terms)), question.code is not None)


def _text_values(question: Question, near: Sequence[Near]) -> dict[str, Any]:
    # The rarest first: where no product holds them all, the commonest are the first that may be missing.
    rarest_first = replace(question, terms=tuple(sorted(question.terms, key=lambda term: term.holders)))
    terms = {
        f"terms_{count}": expressions.first_terms(rarest_first, count)
        for count in range(1, max(1, len(question.terms)) + 1)
    }
    return {
        **terms,
        "some_terms": expressions.some_terms(question),
        "each_term": expressions.some_terms(replace(question, excluded=())),
        "code": question.code,
        "similar_ids": [one.product_id for one in near],
        "similarities": [one.similarity for one in near],
        "alike_ids": _alike(question, near),
    }


def _alike(question: Question, near: Sequence[Near]) -> list[uuid.UUID]:
    """The products found by their meaning alone. Who writes a phrase or a minus means the words."""
    if not near or question.excluded or any(" " in term.alternatives[0] for term in question.terms):
        return []
    least = max(ALIKE_AT_LEAST, ALIKE_SHARE * near[0].similarity)
    return [one.product_id for one in near if one.similarity >= least]


def _ranked(request: ListingRequest, wanted: Asked, values: Mapping[str, Any]) -> EngineAnswer:
    """The best of a text's products, in their order."""
    window = {"page_size": request.per_page, "skipped": (request.page - 1) * request.per_page}
    statement = answer_statement(wanted.shape, by_relevance=True)
    row = first(statement, {**values, **window})
    hits = tuple(Hit(product_id, score) for product_id, score in _HITS.decode(row.hits or "[]"))
    return read_counts(row, wanted).answer(hits, MOST_RANKED)


def _listed(request: ListingRequest, wanted: Asked, values: Mapping[str, Any]) -> EngineAnswer:
    """A page of a list in an order that does not depend on a text."""
    counts = _counts(request, wanted, values)
    page = _page(request, wanted.shape, values, counts) if counts.total else _Page((), None, None)
    return replace(
        counts.answer(page.hits),
        next_after=page.next_after,
        previous_before=page.previous_before,
    )


def _counts(request: ListingRequest, wanted: Asked, values: Mapping[str, Any]) -> Counts:
    """What is counted beside a list. It is the same on all its pages, in every order: of a category, remembered."""

    def count() -> Counts:
        row = first(answer_statement(wanted.shape, by_relevance=False), values)
        return read_counts(row, wanted)

    if wanted.shape.text:
        return count()
    release()  # whoever counts already is waited for
    asked_for = replace(request, sort="relevance", page=1, position="", per_page=1)
    tags = ("catalog", f"category:{wanted.values['category_id']}" if wanted.shape.in_category else "products")
    key = msgspec.json.encode(asked_for).decode()
    return remembered(CacheKind.FACET_COUNTS, key, Counts, count, tags=tags, at_hand=True)


@dataclass(frozen=True, slots=True)
class _Page:
    hits: tuple[Hit, ...]
    next_after: str | None
    previous_before: str | None


def _page(request: ListingRequest, shape: Shape, values: Mapping[str, Any], counts: Counts) -> _Page:
    position = read_position(request.position, request.sort)
    way: Way = position.way if position else "number"
    skipped = 0 if position else min((request.page - 1) * request.per_page, MOST_BY_NUMBER)
    window = {"page_size": request.per_page, "skipped": skipped, **position_values(position)}
    in_own_list = shape.in_category and request.sort == "relevance"
    candidates = max(counts.size, counts.total) if in_own_list else counts.products
    few = are_few(counts.total, candidates, told_by_list=in_own_list and shape.told_by_list)
    most = looked_through(counts.total, candidates, skipped + request.per_page + 1)
    window["looked_through"] = most

    def ask(*, few: bool) -> list[Any]:
        return rows(list_statement(shape, request.sort, way, few=few), {**values, **window})

    found = ask(few=few)
    looked_at_all = few or 0 < candidates <= most
    if len(found) <= request.per_page and not looked_at_all:
        found = ask(few=True)  # the last page, or what is wanted lies behind what was looked through
    more, shown = len(found) > request.per_page, found[: request.per_page]
    if way == "before":
        shown.reverse()
    is_first = not skipped if way == "number" else way == "before" and not more
    is_last = way != "before" and not more
    return _Page(
        tuple(Hit(row.product_id, 0.0) for row in shown),
        next_after=None if is_last or not shown else position_at(shown[-1], "after").written(request.sort),
        previous_before=None
        if is_first or not shown
        else position_at(shown[0], "before").written(request.sort),
    )
