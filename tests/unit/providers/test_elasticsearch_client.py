"""The client of a search server, over real HTTP: what is sent, and every way in which the server can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from storefront.core.db import TransactionOpen, session
from storefront.providers.elasticsearch_client import ElasticsearchServer
from storefront.providers.search_server import Change, Refusal, SearchServerFailure
from storefront.search.elastic.mapping import index_body
from tests.elastic_server import ElasticServer
from tests.servers import reserve_port

pytestmark = pytest.mark.usefixtures("app_context")
EMPTY: dict[str, object] = {}


@pytest.fixture
def elastic() -> Iterator[ElasticServer]:
    """A server with one empty index behind the alias ``shop``."""
    with ElasticServer() as server:
        client = made(server)
        client.create("shop-1", {**index_body(), "settings": {"index": {}}})
        client.switch([{"add": {"index": "shop-1", "alias": "shop"}}])
        server.forget()
        yield server


def made(server: ElasticServer) -> ElasticsearchServer:
    return ElasticsearchServer(server.url, "c2VjcmV0", search_seconds=0.3, first_pause=0.01)


def change(key: str, version: int = 1, **document: object) -> Change:
    return Change("shop", key, version, {"product_id": key, **document})


def test_batch_names_alias_id_and_version(elastic) -> None:
    assert made(elastic).write([change("a", 7, name="Tent"), Change("shop", "b", 8, None)]) == []
    (request,) = elastic.requests
    assert (request.method, request.path, request.parameters) == ("PUT", "/_bulk", {"require_alias": "true"})
    assert request.headers["authorization"] == "ApiKey c2VjcmV0"
    assert request.body == [
        {"index": {"_index": "shop", "_id": "a", "version": 7, "version_type": "external_gte"}},
        {"product_id": "a", "name": "Tent"},
        {"delete": {"_index": "shop", "_id": "b", "version": 8, "version_type": "external_gte"}},
    ]


def test_older_truth_never_replaces_newer_truth_and_is_no_refusal(elastic) -> None:
    client = made(elastic)
    client.write([change("a", 5, name="New")])
    assert client.write([change("a", 4, name="Old"), Change("shop", "a", 3, None)]) == []
    assert elastic.behind("shop").documents["a"]["name"] == "New"
    client.write([Change("shop", "a", 6, None)])
    assert client.write([change("a", 5, name="Late")]) == []
    assert elastic.behind("shop").documents == {}


def test_busy_server_gets_the_items_again_and_only_those(elastic) -> None:
    elastic.refuses("b", status=429, times=2)
    assert made(elastic).write([change("a"), change("b"), change("c")]) == []
    assert [[line["index"]["_id"] for line in body if "index" in line] for body in elastic.sent("_bulk")] == [
        ["a", "b", "c"],
        ["b"],
        ["b"],
    ]
    assert sorted(elastic.behind("shop").documents) == ["a", "b", "c"]


def test_busy_server_refuses_whole_batch_once(elastic) -> None:
    elastic.fails("_bulk", status=429)
    assert made(elastic).write([change("a")]) == []
    assert len(elastic.requests) == 2


def test_refused_item_is_named_and_the_others_are_written(elastic) -> None:
    refusals = made(elastic).write([change("a"), change("b", colour="red"), change("c")])
    assert refusals == [Refusal("shop", "b", 400, "introduction of ['colour']")]
    assert sorted(elastic.behind("shop").documents) == ["a", "c"]


def test_alias_that_has_gone_is_not_made_anew_by_a_write(elastic) -> None:
    elastic.indexes.clear()
    (refusal,) = made(elastic).write([change("a")])
    assert refusal.status == 404
    assert elastic.indexes == {}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "refused"),
        (401, "not_authorised"),
        (403, "not_authorised"),
        (404, "not_found"),
        (409, "conflict"),
        (429, "overloaded"),
        (500, "server_error"),
        (503, "overloaded"),
    ],
)
def test_each_error_has_a_code_and_a_search_is_tried_once(elastic, status: int, code: str) -> None:
    elastic.fails("_search", status=status)
    with pytest.raises(SearchServerFailure) as raised:
        made(elastic).search("shop", EMPTY)
    assert raised.value.code == code
    assert len(elastic.requests) == 1


def test_server_that_hangs_is_given_up_in_time(elastic) -> None:
    elastic.hangs("_search")
    with pytest.raises(SearchServerFailure, match="timeout"):
        made(elastic).search("shop", EMPTY)


def test_nobody_listens() -> None:
    with reserve_port() as reserved:
        client = ElasticsearchServer(f"http://127.0.0.1:{reserved.getsockname()[1]}", None, 0.3)
        with pytest.raises(SearchServerFailure, match="unreachable"):
            client.search("shop", EMPTY)


def test_something_else_listens_there(elastic) -> None:
    elastic.is_elasticsearch = False
    with pytest.raises(SearchServerFailure, match="not_elasticsearch"):
        made(elastic).search("shop", EMPTY)


CALLS: dict[str, Callable[[ElasticsearchServer], object]] = {
    "search": lambda client: client.search("shop", EMPTY),
    "write": lambda client: client.write([change("a")]),
    "create": lambda client: client.create("shop-2", index_body()),
    "indexes": lambda client: client.indexes("shop-*"),
    "has_alias": lambda client: client.has_alias("shop"),
    "switch": lambda client: client.switch([]),
    "delete": lambda client: client.delete("shop-1"),
    "settle": lambda client: client.settle("shop-1", {"index": {}}),
    "count": lambda client: client.count("shop"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_nobody_waits_for_the_server_in_a_transaction(
    elastic, call: Callable[[ElasticsearchServer], object]
) -> None:
    session().connection()
    with pytest.raises(TransactionOpen):
        call(made(elastic))
    session().rollback()
    assert elastic.requests == []


def test_missing_index_is_deleted_without_an_error(elastic) -> None:
    made(elastic).delete("shop-9")
    assert set(elastic.indexes) == {"shop-1"}


def test_what_is_asked_about_indexes(elastic) -> None:
    client = made(elastic)
    assert client.indexes("shop-*") == {"shop-1": {"shop"}}
    assert client.indexes("other-*") == {}
    assert (client.has_alias("shop"), client.has_alias("shop-next")) == (True, False)
    client.write([change("a")])
    assert (client.count("shop"), client.count("shop", {"exists": {"field": "vector"}})) == (1, 0)
