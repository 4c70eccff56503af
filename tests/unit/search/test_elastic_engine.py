"""The adapter's requests to the letter, and PostgreSQL's answer where the server gives none."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from storefront.core.clock import frozen
from storefront.core.db import release, session
from storefront.providers.elasticsearch_client import ElasticsearchServer
from storefront.search.elastic import engine as elastic_engine
from storefront.search.elastic.documents import facet
from storefront.search.elastic.engine import ElasticsearchEngine
from storefront.search.elastic.mapping import index_body
from storefront.search.queries import ListingRequest
from storefront.search.queries.engine import EngineAnswer, Holders
from storefront.search.queries.understanding import Question, Term
from tests.elastic_server import ElasticServer
from tests.factories.catalog import make_category
from tests.logs import logged_by
from tests.servers import reserve_port

pytestmark = pytest.mark.usefixtures("app_context")
NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
PUBLISHED = {"range": {"published_at": {"lte": "2026-11-24T12:00:00.123+00:00"}}}
AVAILABLE = {"constant_score": {"filter": {"term": {"available": True}}, "boost": 0.03}}
POPULAR = {
    "script_score": {
        "query": {"range": {"popularity": {"gt": 0}}},
        "script": {"source": "saturation(doc['popularity'].value, params.half)", "params": {"half": 10}},
        "boost": 0.03,
    }
}
WORD_FIELDS = [
    "words.*.name^10",
    "words.*.brand^6",
    "words.*.category^5",
    "words.*.tags^4",
    "words.*.specifications^2",
    "words.*.short_description^2",
    "words.*.description",
]
KETTLE = Question("kettle", (Term(("kettle",)),))


@dataclass
class Reserve:
    """In place of PostgreSQL: says what it was asked."""

    asked: list[str] = field(default_factory=list)
    kettle: uuid.UUID = field(default_factory=uuid.uuid4)

    def answer(self, request: ListingRequest, question: Question | None, vector: object) -> EngineAnswer:
        self.asked.append(request.text)
        return EngineAnswer((), 7, True, True, (), None, None, None)

    def holders(self, request: ListingRequest, rest: Question, whole: Question, facts: object) -> Holders:
        self.asked.append(f"{rest.text} of {whole.text}")
        return Holders(3, {})

    def suggest(self, typed: str, limit: int) -> list[uuid.UUID]:
        self.asked.append(typed)
        return [self.kettle]


@dataclass
class Watch:
    """A clock that a test sets, in seconds."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Set:
    """A server with one empty index, an engine over it, what is in reserve, and the engine's clock."""

    elastic: ElasticServer
    reserve: Reserve
    watch: Watch
    engine: ElasticsearchEngine

    def bodies(self) -> list[Any]:
        return self.elastic.sent("_search")


@pytest.fixture
def shop(app_context: object) -> Iterator[Set]:
    """The set, with nothing asked yet."""
    with ElasticServer() as elastic:
        client = ElasticsearchServer(elastic.url, None, search_seconds=0.3)
        client.create("shop-1", {**index_body(), "settings": {"index": {}}})
        client.switch([{"add": {"index": "shop-1", "alias": "shop"}}])
        elastic.forget()
        reserve, watch = Reserve(), Watch()
        yield Set(elastic, reserve, watch, ElasticsearchEngine("shop", reserve, lambda: client, watch))


def ask(shop: Set, question: Question | None = None, vector: Any = None, **request: Any) -> EngineAnswer:
    text = question.text if question else ""
    with frozen(NOON):
        return shop.engine.answer(ListingRequest(text=text, **request).cleaned(), question, vector)


def word(text: str) -> dict[str, Any]:
    return {
        "multi_match": {
            "query": text,
            "fields": ["numbers^12", *WORD_FIELDS],
            "operator": "and",
            "tie_breaker": 0.2,
            "zero_terms_query": "all",
        }
    }


def test_plain_list(shop: Set) -> None:
    ask(shop, per_page=24, page=2)
    (request,) = shop.elastic.requests
    assert (request.method, request.path) == ("POST", "/shop/_search")
    assert request.parameters == {"allow_partial_search_results": "false"}
    aggregations = request.body.pop("aggs")
    assert request.body == {
        "query": {"bool": {"filter": [PUBLISHED]}},
        "post_filter": {"bool": {"filter": []}},
        "sort": [
            {"available": "desc"},
            {"is_featured": "desc"},
            {"popularity": "desc"},
            {"rating": "desc"},
            {"product_id": "asc"},
        ],
        "from": 24,
        "size": 24,
        "_source": False,
        "track_scores": True,
        "track_total_hits": 10_000,
    }
    ranges = aggregations["shared"]["aggs"]["price"]["range"].pop("ranges")
    assert ranges[:2] == [{"key": "0", "to": 1.0}, {"key": "1", "from": 1.0, "to": 1.5}]
    assert ranges[-1] == {"key": "56", "from": 7_500_000.0}
    assert aggregations == {
        "candidates": {"filter": {"match_all": {}}},
        "specification_names": {"terms": {"field": "specification_names", "size": 40}},
        "specification_pairs": counting("specification", 1_500),
        "shared": {
            "filter": {"bool": {"filter": []}},
            "aggs": {
                "brand": counting("brand", 60),
                "category": counting("category", 500),
                "tag": counting("tag", 60),
                "option": counting("option", 200),
                "specification": counting("specification", 1_500),
                "price": {"range": {"field": "price", "keyed": True}},
                "price_least": {"min": {"field": "price"}},
                "price_most": {"max": {"field": "price"}},
                "rating": {"terms": {"field": "stars"}},
                "stock": {"terms": {"field": "available"}},
            },
        },
    }


def counting(kind: str, size: int) -> dict[str, Any]:
    return {"terms": {"field": "facets", "size": size, "include": rf"{kind}\|.*"}}


def test_choices_filter_the_list_and_each_facet_by_all_others(shop: Set) -> None:
    tents = make_category("Tents")
    ask(
        shop,
        KETTLE,
        category_slug="tents",
        brands=("larkfell",),
        price_min=Decimal("10"),
        rating_min=4,
        in_stock=True,
        tags=("light",),
        options={"Size": ("S", "M")},
        specifications={"Fit (mm)": ("1",)},
    )
    (body,) = shop.bodies()
    chosen = {
        "category": {"term": {"facets": f"category||{tents.id}"}},
        "brand": {"terms": {"brand_slug": ["larkfell"]}},
        "price": {"range": {"price": {"gte": 10.0}}},
        "rating": {"range": {"rating": {"gte": 4}}},
        "stock": {"term": {"available": True}},
        "tag": {"terms": {"facets": ["tag||light"]}},
        "option": {"terms": {"facets": ["option|Size|S", "option|Size|M"]}},
        "specification": {"terms": {"facets": ["specification|Fit (mm)|1"]}},
    }
    assert body["post_filter"] == {"bool": {"filter": list(chosen.values())}}
    aggregations = body["aggs"]
    for place, kind in enumerate(chosen):
        others = [query for one, query in chosen.items() if one != kind]
        assert aggregations[f"own_{place}"]["filter"] == {"bool": {"filter": others}}, kind
        assert kind in aggregations[f"own_{place}"]["aggs"]
    assert set(aggregations["shared"]["aggs"]) == {"option", "specification"}
    assert aggregations["shared"]["filter"] == body["post_filter"]
    assert aggregations["shared"]["aggs"]["option"]["terms"]["exclude"] == r"option\|Size\|.*"
    own = aggregations["own_7"]["aggs"]["specification"]["terms"]
    assert own["include"] == r"specification\|Fit \(mm\)\|.*"


def test_category_of_the_address_is_where_the_list_begins(shop: Set) -> None:
    tents = make_category("Tents")
    ask(shop, category_slug="tents")
    ask(shop, category_slug="nowhere")
    place = {"term": {"facets": f"category||{tents.id}"}}
    assert [body["query"]["bool"]["filter"] for body in shop.bodies()] == [
        [PUBLISHED, place],
        [PUBLISHED, {"match_none": {}}],
    ]


def test_question_to_the_letter(shop: Set) -> None:
    question = Question(
        'laptop "sleeping bag" noteb -red',
        (Term(("laptop", "notebook")), Term(("sleeping bag",)), Term(("noteb",), is_prefix=True)),
        (Term(("red",)),),
        code="nb-1",
    )
    ask(shop, question)
    query = shop.bodies()[0]["query"]
    phrase = {"query": "sleeping bag", "fields": WORD_FIELDS, "type": "phrase", "zero_terms_query": "all"}
    beginning = {
        "query": "noteb",
        "fields": ["name^10", "around^5"],
        "type": "bool_prefix",
        "operator": "and",
    }
    words = [
        {"dis_max": {"queries": [word("laptop"), word("notebook")]}},
        {"multi_match": phrase},
        {"dis_max": {"queries": [word("noteb"), {"multi_match": beginning}]}},
    ]
    saturated = {"source": "saturation(_score, params.half)", "params": {"half": 15.0}}
    number = {"constant_score": {"filter": {"term": {"numbers": "nb-1"}}, "boost": 100.0}}
    assert query == {
        "bool": {
            "must": [
                {
                    "bool": {
                        "should": [
                            {"script_score": {"query": {"bool": {"must": words}}, "script": saturated}},
                            number,
                        ],
                        "minimum_should_match": 1,
                    }
                }
            ],
            "filter": [PUBLISHED],
            "must_not": [word("red")],
            "should": [AVAILABLE, POPULAR],
        }
    }
    assert shop.bodies()[0]["sort"] == [
        {"_score": "desc"},
        {"available": "desc"},
        {"popularity": "desc"},
        {"product_id": "asc"},
    ]


def test_slips_are_looked_for_where_the_question_is_not_sure(shop: Set) -> None:
    ask(shop, Question("kittle", (Term(("kittle",)),), manner="partial"))
    (reason,) = shop.bodies()[0]["query"]["bool"]["must"][0]["bool"]["should"]
    slipped = {
        "query": "kittle",
        "fields": ["name^10", "around^5"],
        "operator": "and",
        "boost": 0.5,
        "fuzziness": "AUTO",
        "prefix_length": 1,
    }
    (term,) = reason["script_score"]["query"]["bool"]["must"]
    assert term == {"dis_max": {"queries": [word("kittle"), {"multi_match": slipped}]}}


def test_all_words_first_and_some_of_them_only_where_nothing_holds_all(shop: Set) -> None:
    ask(shop, Question("red kettle", (Term(("red",)), Term(("kettle",)))))
    clauses = [
        body["query"]["bool"]["must"][0]["bool"]["should"][0]["script_score"]["query"]["bool"]
        for body in shop.bodies()
    ]
    both = [word("red"), word("kettle")]
    assert clauses == [{"must": both}, {"should": both, "minimum_should_match": 1}]


def test_nearest_are_asked_for_first_whatever_is_chosen(shop: Set) -> None:
    near = uuid.uuid4()
    shop.elastic.indexes["shop-1"].visible[str(near)] = {
        "product_id": str(near),
        "vector": [1.0, 0.0],
        "published_at": "2026-01-01T00:00:00+00:00",
        "available": True,
        "popularity": 0.0,
        "numbers": [],
        "words": {},
        "price": 1.0,
        "stars": 0,
    }
    ask(shop, KETTLE, (0.5, 0.5), in_stock=True)
    nearest, page = shop.bodies()
    assert nearest == {
        "knn": {
            "field": "vector",
            "query_vector": [0.5, 0.5],
            "k": 50,
            "num_candidates": 500,
            "filter": [PUBLISHED],
        },
        "size": 50,
        "_source": False,
        "track_total_hits": False,
    }
    assert page["query"]["bool"]["must"][0]["bool"]["should"][1:] == [
        {"constant_score": {"filter": {"ids": {"values": [str(near)]}}, "boost": 0.5}}
    ]


def test_suggestions_to_the_letter(shop: Set) -> None:
    with frozen(NOON):
        shop.engine.suggest("steel ket", 6)
    beginning = {
        "query": "steel ket",
        "fields": ["name^10", "around^5"],
        "type": "bool_prefix",
        "operator": "and",
    }
    slipped = {
        "query": "steel ket",
        "fields": ["name^10", "around^5"],
        "operator": "and",
        "boost": 0.5,
        "fuzziness": "AUTO",
        "prefix_length": 1,
    }
    assert shop.bodies() == [
        {
            "query": {
                "bool": {
                    "must": [
                        {"dis_max": {"queries": [{"multi_match": beginning}, {"multi_match": slipped}]}}
                    ],
                    "filter": [PUBLISHED],
                }
            },
            "sort": [
                {"_score": "desc"},
                {"available": "desc"},
                {"popularity": "desc"},
                {"product_id": "asc"},
            ],
            "size": 6,
            "_source": False,
            "track_total_hits": False,
        }
    ]


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_postgresql_answers_where_the_server_fails_and_the_log_says_so(shop: Set, status: int) -> None:
    shop.elastic.fails("_search", status=status)
    with logged_by(elastic_engine) as logs:
        assert ask(shop, KETTLE).total == 7
    assert shop.reserve.asked == ["kettle"]
    assert [(one["event"], one["log_level"]) for one in logs] == [("search_server_failed", "warning")]


def test_postgresql_answers_where_the_server_hangs(shop: Set) -> None:
    shop.elastic.hangs("_search")
    assert shop.engine.suggest("ket", 5) == [shop.reserve.kettle]


def test_postgresql_answers_where_nobody_listens() -> None:
    with reserve_port() as reserved:
        client = ElasticsearchServer(f"http://127.0.0.1:{reserved.getsockname()[1]}", None, 0.3)
        reserve = Reserve()
        assert (
            ElasticsearchEngine("shop", reserve, lambda: client).answer(ListingRequest(), None, None).total
            == 7
        )


def test_failed_server_is_left_alone_for_a_while(shop: Set) -> None:
    shop.elastic.fails("_search")
    ask(shop, KETTLE)
    shop.watch.seconds = 4.9
    with logged_by(elastic_engine) as logs:
        ask(shop, KETTLE)
        shop.engine.suggest("ket", 5)
    assert (len(shop.elastic.requests), logs) == (1, [])
    shop.watch.seconds = 5.1
    assert ask(shop, KETTLE).total == 0
    assert shop.reserve.asked == ["kettle", "kettle", "ket"]


def test_broken_off_search_is_no_answer(shop: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.elastic_server.search", lambda _documents, _body: {"timed_out": True})
    assert ask(shop, KETTLE).total == 7


def test_server_is_asked_with_no_transaction_open(shop: Set) -> None:
    make_category("Tents")
    session().connection()
    ask(shop, category_slug="tents")
    assert shop.reserve.asked == []
    assert not session().in_transaction()
    release()


def test_whether_words_are_facts_is_one_request(shop: Set) -> None:
    whole = Question("red kettle", (Term(("red",)), Term(("kettle",))))
    fact = ("option", "Colour", "Red")
    with frozen(NOON):
        found = shop.engine.holders(
            ListingRequest(text="red kettle", in_stock=True).cleaned(), KETTLE, whole, [fact]
        )
    (body,) = shop.bodies()

    def scored(*words: str) -> dict[str, Any]:
        return {
            "script_score": {
                "query": {"bool": {"must": [word(one) for one in words]}},
                "script": {"source": "saturation(_score, params.half)", "params": {"half": 15.0}},
            }
        }

    assert body == {
        "query": {"bool": {"must": [scored("kettle")], "filter": [PUBLISHED, {"term": {"available": True}}]}},
        "aggs": {
            "facts": {"adjacency_matrix": {"filters": {"0": {"term": {"facets": facet(*fact)}}}}},
            "worded": {"filter": {"bool": {"must": [scored("red", "kettle")]}}},
        },
        "size": 0,
        "track_total_hits": False,
    }
    assert (found.worded, shop.reserve.asked) == (0, [])
    shop.elastic.fails("_search", status=500)
    assert shop.engine.holders(ListingRequest(text="red kettle").cleaned(), KETTLE, whole, [fact]).worded == 3
    assert shop.reserve.asked == ["kettle of red kettle"]
