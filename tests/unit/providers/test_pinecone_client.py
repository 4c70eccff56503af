"""The client of a Pinecone index, over real HTTP: what is sent, and every way in which the index can fail."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from storefront.core.db import TransactionOpen, session
from storefront.providers import pinecone_client
from storefront.providers.pinecone_client import PineconeStore
from storefront.providers.vector_store import NewVector, VectorStoreFailure
from tests.logs import logged_by
from tests.pinecone_server import KEY, PineconeServer
from tests.servers import reserve_port

pytestmark = pytest.mark.usefixtures("app_context")
ACTS: dict[str, Callable[[PineconeStore], object]] = {
    "/query": lambda store: store.nearest((1.0, 0.0), 3),
    "/vectors/upsert": lambda store: store.write([NewVector(uuid.uuid4(), "d", (1.0, 0.0))]),
    "/vectors/delete": lambda store: store.forget([uuid.uuid4()]),
    "/vectors/list": lambda store: list(store.kept()),
}


@pytest.fixture
def pinecone() -> Iterator[PineconeServer]:
    """An empty index of two dimensions."""
    with PineconeServer(dimensions=2) as server:
        yield server


class Watch:
    """A clock that a test sets, in seconds."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


_opened: list[PineconeStore] = []


@pytest.fixture(autouse=True)
def closing(app_context: object) -> Iterator[None]:
    """Connections end with the test."""
    yield
    while _opened:
        _opened.pop().close()


def made(
    server: PineconeServer, key: str = KEY, clock: Callable[[], float] = time.monotonic
) -> PineconeStore:
    return opened(server.url, key, clock)


def opened(host: str, key: str = KEY, clock: Callable[[], float] = time.monotonic) -> PineconeStore:
    _opened.append(PineconeStore(host, key, "shop", seconds=0.3, first_pause=0.01, clock=clock))
    return _opened[-1]


def new(*vector: float) -> NewVector:
    return NewVector(uuid.uuid4(), "digest", vector)


def test_requests_to_the_letter(pinecone) -> None:
    store, tent, stove = made(pinecone), new(0.6, 0.8), new(1 / 3, -2 / 3)
    store.write([tent, stove])
    store.nearest((1 / 3, 1.0), 200)
    list(store.kept())
    store.forget([tent.product_id])
    upsert, query, listed, delete = pinecone.requests
    for request in pinecone.requests:
        assert request.headers["api-key"] == KEY
        assert request.headers["x-pinecone-api-version"] == "2026-07"
    assert (upsert.method, upsert.path, upsert.parameters) == ("POST", "/vectors/upsert", {})
    assert upsert.headers["content-type"] == "application/json"
    assert upsert.body == {
        "namespace": "shop",
        "vectors": [
            {"id": str(tent.product_id), "values": [0.6, 0.8]},
            {"id": str(stove.product_id), "values": [0.3333333, -0.6666667]},
        ],
    }
    assert (query.method, query.path, query.parameters) == ("POST", "/query", {})
    assert query.body == {
        "namespace": "shop",
        "vector": [0.3333333, 1.0],
        "topK": 200,
        "includeValues": False,
        "includeMetadata": False,
    }
    assert (listed.method, listed.path, listed.body) == ("GET", "/vectors/list", None)
    assert listed.parameters == {"namespace": "shop", "limit": "100"}
    assert (delete.method, delete.path, delete.parameters) == ("POST", "/vectors/delete", {})
    assert delete.body == {"namespace": "shop", "ids": [str(tent.product_id)]}


def test_nothing_costs_no_request(pinecone) -> None:
    made(pinecone).write([])
    made(pinecone).forget([])
    assert pinecone.requests == []


def test_batches_keep_to_the_limits() -> None:
    with PineconeServer() as server:
        store = made(server)
        vectors = [NewVector(uuid.uuid4(), "d", (-0.123456789,) * 384) for _ in range(450)]
        store.write(vectors)
        assert [len(body["vectors"]) for body in server.sent("/vectors/upsert")] == [200, 200, 50]
        assert max(request.size for request in server.requests) < 1_000_000
        pages = [len(page) for page in store.kept()]
        assert pages == [100, 100, 100, 100, 50]
        store.forget([one.product_id for one in vectors] + [uuid.uuid4() for _ in range(700)])
        assert [len(body["ids"]) for body in server.sent("/vectors/delete")] == [1_000, 150]
        assert server.namespaces == {"shop": {}}


def test_address_without_a_scheme_is_taken_for_https() -> None:
    store = opened("shop-abc.svc.example.com")
    assert str(store._client.base_url) == "https://shop-abc.svc.example.com"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "refused"),
        (401, "not_authorised"),
        (403, "not_authorised"),
        (429, "overloaded"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
@pytest.mark.parametrize("path", list(ACTS))
def test_every_refusal_has_its_code(pinecone, path: str, status: int, code: str) -> None:
    pinecone.fails(path, status=status, times=9)
    with pytest.raises(VectorStoreFailure) as failed:
        ACTS[path](made(pinecone))
    assert failed.value.code == code
    assert failed.value.detail.startswith(str(status))


def test_wrong_key_is_said(pinecone) -> None:
    with pytest.raises(VectorStoreFailure) as failed:
        made(pinecone, "wrong").write([new(1.0, 0.0)])
    assert failed.value.code == "not_authorised"
    assert "wrong" not in str(failed.value)
    assert len(pinecone.requests) == 1


@pytest.mark.parametrize("path", [path for path in ACTS if path != "/query"])
def test_busy_index_is_asked_again_by_those_who_have_time(pinecone, path: str) -> None:
    pinecone.fails(path, status=429, times=2)
    pinecone.fails(path, status=503, times=2)
    ACTS[path](made(pinecone))
    assert len(pinecone.requests) == 5


def test_page_asks_once_and_then_leaves_it_alone(pinecone) -> None:
    watch = Watch()
    store = made(pinecone, clock=watch)
    store.write([new(1.0, 0.0)])
    pinecone.fails("/query", status=500)
    with logged_by(pinecone_client) as logs:
        for watch.seconds in (0.0, 2.0, 4.9):
            with pytest.raises(VectorStoreFailure):
                store.nearest((1.0, 0.0), 3)
    assert len(pinecone.sent("/query")) == 1
    assert [(one["event"], one["code"]) for one in logs] == [("vector_store_failed", "server_error")]
    watch.seconds = 5.1
    assert len(store.nearest((1.0, 0.0), 3)) == 1


def test_hanging_index_costs_a_page_the_time_that_was_given(pinecone) -> None:
    pinecone.hangs("/query")
    begun = time.monotonic()
    with pytest.raises(VectorStoreFailure) as failed:
        made(pinecone).nearest((1.0, 0.0), 3)
    assert failed.value.code == "timeout"
    assert time.monotonic() - begun < 1.5


def test_nobody_listens() -> None:
    with reserve_port() as reserved:
        store = opened(f"http://127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(VectorStoreFailure) as failed:
            store.nearest((1.0, 0.0), 3)
    assert failed.value.code == "unreachable"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"",
        b'{"matches": 1}',
        b'{"matches": [{"score": 1}]}',
        b'{"matches": [{"id": "x", "score": 1}]}',
        b'{"matches": [{"id": "9f8b1d0e-0000-4000-8000-000000000000", "score": "near"}]}',
    ],
)
def test_answer_of_another_shape(pinecone, body: bytes) -> None:
    pinecone.answers("/query", body)
    with pytest.raises(VectorStoreFailure) as failed:
        made(pinecone).nearest((1.0, 0.0), 3)
    assert failed.value.code == "wrong_shape"


def test_what_is_left_out_on_the_wire_is_nothing(pinecone) -> None:
    store, key = made(pinecone), uuid.uuid4()
    pinecone.answers("/query", b"{}")
    assert store.nearest((1.0, 0.0), 3) == []
    pinecone.answers("/query", f'{{"matches": [{{"id": "{key}"}}]}}'.encode())
    assert [one.similarity for one in store.nearest((1.0, 0.0), 3)] == [0.0]
    pinecone.answers("/vectors/list", b"{}")
    assert list(store.kept()) == []


def test_namespace_that_is_not_there_yet_holds_nothing(pinecone) -> None:
    store = made(pinecone)
    assert store.nearest((1.0, 0.0), 3) == []
    assert list(store.kept()) == []
    store.forget([uuid.uuid4()])


@pytest.mark.parametrize("path", list(ACTS))
def test_nobody_waits_with_a_transaction_open(pinecone, path: str) -> None:
    session().connection()
    with pytest.raises(TransactionOpen):
        ACTS[path](made(pinecone))
    assert pinecone.requests == []
