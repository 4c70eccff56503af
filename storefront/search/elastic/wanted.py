"""What a request wants, in the server's query language: the text, the place, and the choices one by one.

The text's query scores between 0 and 1 (``saturation`` keeps its order), so that nearness in meaning and the mild
tie-breakers weigh the same for every text. All of it happens in the server: pages follow each other by one score,
and what is counted is what is listed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from storefront.catalog.queries import category_by_slug
from storefront.search.elastic.documents import facet
from storefront.search.queries.facet_numbers import Fact
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.understanding import Question, Term

Query = dict[str, Any]

FIELDS = (
    "numbers^12",
    "words.*.name^10",
    "words.*.brand^6",
    "words.*.category^5",
    "words.*.tags^4",
    "words.*.specifications^2",
    "words.*.short_description^2",
    "words.*.description",
)
HALF_WORD_FIELDS = ("name^10", "around^5")

EXACT_SCORE = 100.0
NEAR_SCORE = 0.5
AVAILABLE_SCORE = 0.03
POPULAR_SCORE = 0.03
_HALF_TEXT_SCORE = 15.0
_NEAR_FALLS_BY_HALF = 20
_POPULAR: Query = {
    "script_score": {
        "query": {"range": {"popularity": {"gt": 0}}},
        "script": {"source": "saturation(doc['popularity'].value, params.half)", "params": {"half": 10}},
        "boost": POPULAR_SCORE,
    }
}


def base_filters(request: ListingRequest, question: Question | None, moment: datetime) -> list[Query]:
    """What makes a product a candidate, whatever is chosen: published, and in the category of the address."""
    published = {"range": {"published_at": {"lte": moment.isoformat(timespec="milliseconds")}}}
    if question is not None or not request.category_slug:
        return [published]
    place = category_by_slug(request.category_slug)
    return [published, _in_category(place.category.id) if place else {"match_none": {}}]


def choices(request: ListingRequest, question: Question | None) -> dict[str, Query]:
    """The chosen facets, each by its key: brand, price, rating, stock, tag, category, ``option|Size`` and so on."""
    chosen: dict[str, Query] = {}
    if question is not None and request.category_slug and (page := category_by_slug(request.category_slug)):
        chosen["category"] = _in_category(page.category.id)
    if request.brands:
        chosen["brand"] = {"terms": {"brand_slug": list(request.brands)}}
    ends = {"gte": request.price_min, "lte": request.price_max}
    span = {name: float(price) for name, price in ends.items() if price is not None}
    if span:
        chosen["price"] = {"range": {"price": span}}
    if request.rating_min is not None:
        chosen["rating"] = {"range": {"rating": {"gte": request.rating_min}}}
    if request.in_stock:
        chosen["stock"] = {"term": {"available": True}}
    if request.tags:
        chosen["tag"] = _one_of("tag", "", request.tags)
    for kind, named in (("option", request.options), ("specification", request.specifications)):
        for name, values in named.items():
            chosen[f"{kind}|{name}"] = _one_of(kind, name, values)
    return chosen


def _in_category(category_id: uuid.UUID) -> Query:
    return {"term": {"facets": facet("category", "", str(category_id))}}


def _one_of(kind: str, name: str, values: Iterable[str]) -> Query:
    return {"terms": {"facets": [facet(kind, name, value) for value in values]}}


def listing_query(filters: Sequence[Query]) -> Query:
    """The candidates of a list without a text."""
    return {"bool": {"filter": list(filters)}}


def holders_request(
    rest: Question, whole: Question, facts: Sequence[Fact], met: Sequence[Query]
) -> dict[str, Any]:
    """The request that counts, among what holds the ``rest`` of a text, each fact, each two, and the whole text.

    The server allows a hundred ``facts``.
    """
    each = {str(place): {"term": {"facets": facet(*fact)}} for place, fact in enumerate(facts)}
    return {
        "query": {"bool": {"must": _words(rest, together=True) or [{"match_none": {}}], "filter": list(met)}},
        "aggs": {
            "facts": {"adjacency_matrix": {"filters": each}},
            "worded": {"filter": {"bool": {"must": _words(whole, together=True) or [{"match_none": {}}]}}},
        },
        "size": 0,
        "track_total_hits": False,
    }


def text_query(
    question: Question, filters: Sequence[Query], near: Sequence[str] = (), *, together: bool = True
) -> Query:
    """The candidates of a search: what holds the words, or is near in meaning, or has the number.

    ``near`` are ids, the nearest first. With ``together`` a product must hold every term, else one suffices.
    """
    reasons = [
        *_words(question, together=together),
        *(_constant({"ids": {"values": [key]}}, nearness(place)) for place, key in enumerate(near)),
    ]
    if question.code:
        reasons.append(_constant({"term": {"numbers": question.code}}, EXACT_SCORE))
    wanted = {"bool": {"should": reasons, "minimum_should_match": 1}} if reasons else {"match_none": {}}
    return {
        "bool": {
            "must": [wanted],
            "filter": list(filters),
            "must_not": [term_query(term, is_sure=True) for term in question.excluded],
            "should": [_constant({"term": {"available": True}}, AVAILABLE_SCORE), _POPULAR],
        }
    }


def nearness(place: int) -> float:
    """What the product at ``place`` (from 0) among the nearest scores for that."""
    return round(NEAR_SCORE / (1 + place / _NEAR_FALLS_BY_HALF), 4)


def _words(question: Question, *, together: bool) -> list[Query]:
    is_sure = question.manner not in ("partial", "nothing")
    terms = question.terms
    if not terms and question.manner == "nothing":
        # Nothing is known of these words here: the server may still know how they are spelt.
        terms = tuple(Term((word,)) for word in question.text.lower().split()[:12])
    if not terms:
        return []
    wanted = [term_query(term, is_sure=is_sure) for term in terms]
    clause = {"must": wanted} if together else {"should": wanted, "minimum_should_match": 1}
    return [
        {
            "script_score": {
                "query": {"bool": clause},
                "script": {"source": "saturation(_score, params.half)", "params": {"half": _HALF_TEXT_SCORE}},
            }
        }
    ]


def term_query(term: Term, *, is_sure: bool) -> Query:
    """Any of the term's alternatives; where the question is not sure of its words, slips of the fingers too."""
    ways = [_alternative(words) for words in term.alternatives]
    if term.is_prefix:
        ways.append(_beginning(term.alternatives[0]))
    if not is_sure:
        ways.append(_slipped(term.alternatives[0]))
    return ways[0] if len(ways) == 1 else {"dis_max": {"queries": ways}}


def _alternative(words: str) -> Query:
    # "all": a word that some language passes over ("the") is not wanted there.
    match: Query = {"query": words, "zero_terms_query": "all"}
    if " " in words:
        return {"multi_match": {**match, "fields": list(FIELDS[1:]), "type": "phrase"}}
    return {"multi_match": {**match, "fields": list(FIELDS), "operator": "and", "tie_breaker": 0.2}}


def _beginning(words: str) -> Query:
    fields = list(HALF_WORD_FIELDS)
    return {"multi_match": {"query": words, "fields": fields, "type": "bool_prefix", "operator": "and"}}


def _slipped(words: str) -> Query:
    match = {"query": words, "fields": list(HALF_WORD_FIELDS), "operator": "and", "boost": 0.5}
    return {"multi_match": {**match, "fuzziness": "AUTO", "prefix_length": 1}}


def suggestion_query(typed: str, filters: Sequence[Query]) -> Query:
    """Products whose names, brands, categories or tags hold what was typed, the last word half or whole."""
    ways = [_beginning(typed), _slipped(typed)]
    return {"bool": {"must": [{"dis_max": {"queries": ways}}], "filter": list(filters)}}


def _constant(query: Query, score: float) -> Query:
    return {"constant_score": {"filter": query, "boost": score}}
