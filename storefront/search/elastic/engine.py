"""The adapter: one request to the server a page (two where meaning counts or no product holds all words)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from storefront.core.clock import now
from storefront.core.db import release
from storefront.providers.search_server import SearchServer, SearchServerFailure
from storefront.search.elastic import wanted
from storefront.search.elastic.counting import aggregations, all_met, counted, holders_of
from storefront.search.elastic.wanted import Query
from storefront.search.queries.engine import EngineAnswer, Hit, Holders, SearchEngine
from storefront.search.queries.facet_numbers import Fact
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.understanding import Question

log = structlog.get_logger(__name__)
T = TypeVar("T")

COUNTED_EXACTLY = 10_000
DEEPEST = 10_000
"""How far into a list a page number leads: the server's own limit. Further on goes by :attr:`next_after`."""

MOST_FACTS = 100
"""Of how many facts a word may be, which it is can be asked: the server's own limit."""

NEAREST = 50
_CANDIDATES_FOR_NEAREST = 500
_REST_SECONDS = 5.0
_ORDERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "newest": (("published_at", "desc"),),
    "price_up": (("price", "asc"),),
    "price_down": (("price", "desc"),),
    "rating": (("rating", "desc"), ("rating_count", "desc")),
    "name": (("sort_name", "asc"),),
}
_RECOMMENDED = (("available", "desc"), ("is_featured", "desc"), ("popularity", "desc"), ("rating", "desc"))
_BEST = (("_score", "desc"), ("available", "desc"), ("popularity", "desc"))


class ElasticsearchEngine:
    """Finds in Elasticsearch; while the server is away, ``reserve`` answers.

    ``server`` gives the client, asked for when it is needed: a process that was forked makes its own connections.
    After a failure the server is left alone for some seconds, so that not every page waits for it in vain.
    """

    def __init__(
        self,
        alias: str,
        reserve: SearchEngine,
        server: Callable[[], SearchServer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._alias = alias
        self._reserve = reserve
        self._server = server
        self._clock = clock
        self._rests_until = float("-inf")

    def answer(
        self, request: ListingRequest, question: Question | None, vector: Sequence[float] | None
    ) -> EngineAnswer:
        """See :meth:`SearchEngine.answer`."""
        return self._or_reserve(
            lambda: self._answer(request, question, vector),
            lambda: self._reserve.answer(request, question, vector),
        )

    def holders(
        self, request: ListingRequest, rest: Question, whole: Question, facts: Sequence[Fact]
    ) -> Holders:
        """See :meth:`SearchEngine.holders`."""
        return self._or_reserve(
            lambda: self._holders(request, rest, whole, facts),
            lambda: self._reserve.holders(request, rest, whole, facts),
        )

    def suggest(self, typed: str, limit: int) -> list[uuid.UUID]:
        """See :meth:`SearchEngine.suggest`."""
        return self._or_reserve(
            lambda: self._suggest(typed, limit), lambda: self._reserve.suggest(typed, limit)
        )

    def _or_reserve(self, ask: Callable[[], T], ask_reserve: Callable[[], T]) -> T:
        if self._clock() < self._rests_until:
            return ask_reserve()
        try:
            return ask()
        except SearchServerFailure as failure:
            self._rests_until = self._clock() + _REST_SECONDS
            log.warning("search_server_failed", code=failure.code, detail=failure.detail)
            return ask_reserve()

    def _answer(
        self, request: ListingRequest, question: Question | None, vector: Sequence[float] | None
    ) -> EngineAnswer:
        filters = wanted.base_filters(request, question, now())
        choices = wanted.choices(request, question)
        release()  # categories may have been read; the server is asked with no transaction open
        if question is None:
            return self._page(request, wanted.listing_query(filters), choices, together=True)
        near = self._nearest(vector, filters) if vector and request.sort == "relevance" else []
        for together in (True, False):
            query = wanted.text_query(question, filters, near, together=together)
            page = self._page(request, query, choices, together=together)
            if page.counts or page.total or len(question.terms) < 2:
                break
        return replace(page, by_meaning=bool(near))

    def _nearest(self, vector: Sequence[float], filters: Sequence[Query]) -> list[str]:
        """The ids of what is nearest in meaning, whatever is chosen, so that counts do not depend on the choice."""
        found = self._server().search(
            self._alias,
            {
                "knn": {
                    "field": "vector",
                    "query_vector": list(vector),
                    "k": NEAREST,
                    "num_candidates": _CANDIDATES_FOR_NEAREST,
                    "filter": list(filters),
                },
                "size": NEAREST,
                "_source": False,
                "track_total_hits": False,
            },
        )
        return [hit["_id"] for hit in found["hits"]["hits"]]

    def _page(
        self, request: ListingRequest, query: Query, choices: Mapping[str, Query], *, together: bool
    ) -> EngineAnswer:
        found = self._server().search(
            self._alias,
            {
                "query": query,
                "post_filter": all_met(choices),
                "aggs": aggregations(choices),
                "sort": [*_order(request), {"product_id": "asc"}],
                "from": min((request.page - 1) * request.per_page, DEEPEST - request.per_page),
                "size": request.per_page,
                "_source": False,
                "track_scores": True,
                "track_total_hits": COUNTED_EXACTLY,
            },
        )
        hits, total = found["hits"]["hits"], found["hits"]["total"]
        counts = counted(found["aggregations"], choices)
        return EngineAnswer(
            hits=tuple(Hit(uuid.UUID(hit["_id"]), float(hit["_score"] or 0)) for hit in hits),
            total=total["value"],
            total_is_exact=total["relation"] == "eq",
            together=together,
            counts=counts.rows,
            price_least=counts.price_least,
            price_most=counts.price_most,
            next_after=None,
        )

    def _holders(
        self, request: ListingRequest, rest: Question, whole: Question, facts: Sequence[Fact]
    ) -> Holders:
        met = [*wanted.base_filters(request, rest, now()), *wanted.choices(request, rest).values()]
        release()
        asked = facts[:MOST_FACTS]
        found = self._server().search(self._alias, wanted.holders_request(rest, whole, asked, met))
        return holders_of(found["aggregations"], asked)

    def _suggest(self, typed: str, limit: int) -> list[uuid.UUID]:
        filters = wanted.base_filters(ListingRequest(), None, now())
        release()
        found = self._server().search(
            self._alias,
            {
                "query": wanted.suggestion_query(typed, filters),
                "sort": [{field: order} for field, order in _BEST] + [{"product_id": "asc"}],
                "size": limit,
                "_source": False,
                "track_total_hits": False,
            },
        )
        return [uuid.UUID(hit["_id"]) for hit in found["hits"]["hits"]]


def _order(request: ListingRequest) -> list[dict[str, Any]]:
    by_relevance = _BEST if request.text else _RECOMMENDED
    return [{field: order} for field, order in _ORDERS.get(request.sort, by_relevance)]
