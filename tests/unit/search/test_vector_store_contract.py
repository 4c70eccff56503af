"""What the shop expects of a vector store: pgvector's column, and a Pinecone index.

The latter is the protocol server of ``tests/pinecone_server.py``, and the real thing too where ``PINECONE_TEST_HOST``
names an index (384 dimensions, metric cosine) and ``PINECONE_TEST_API_KEY`` its key. The tests write to a namespace
``storefront-test-...`` there and empty it.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import release, session
from storefront.providers.pinecone_client import PineconeStore
from storefront.providers.vector_store import NewVector, VectorStore
from storefront.search.vector_column import VectorColumn
from tests.factories.catalog import make_product
from tests.pinecone_server import KEY, PineconeServer

pytestmark = pytest.mark.usefixtures("app_context")
REAL = os.environ.get("PINECONE_TEST_HOST", "")
PATIENCE_SECONDS = 60.0 if REAL else 0.0
"""The real thing shows what was written some seconds later."""


@pytest.fixture(params=["pgvector", "protocol", *(["pinecone"] if REAL else [])])
def store(request: pytest.FixtureRequest, app_context: object) -> Iterator[VectorStore]:
    """An empty store."""
    if request.param == "pgvector":
        yield VectorColumn()
        return
    with ExitStack() as stack:
        is_real = request.param == "pinecone"
        host = REAL if is_real else stack.enter_context(PineconeServer()).url
        key = os.environ["PINECONE_TEST_API_KEY"] if is_real else KEY
        pinecone = PineconeStore(host, key, f"storefront-test-{uuid.uuid4().hex[:12]}", seconds=10)
        stack.callback(pinecone.close)
        yield pinecone
        release()
        for ids in list(pinecone.kept()):
            pinecone.forget(ids)


def in_time(look: Callable[[], object], expected: object) -> None:
    """Look until ``expected`` is seen, as long as a store may take to show what was written."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (seen := look()) != expected and time.monotonic() < until:
        time.sleep(0.5)
    assert seen == expected


def pointing(*parts: float) -> tuple[float, ...]:
    """A vector of length 1 in that direction."""
    length = sum(part * part for part in parts) ** 0.5
    return (*(part / length for part in parts), *[0.0] * (EMBEDDING_DIMENSIONS - len(parts)))


def listed() -> NewVector:
    """A product that is to be embedded."""
    made = make_product("Tent")
    digest = session().scalar(
        sa.text("SELECT content_digest FROM product_search WHERE product_id = :id"), {"id": made.id}
    )
    release()
    return NewVector(made.id, digest, pointing(1))


def with_vector(one: NewVector, *parts: float) -> NewVector:
    return NewVector(one.product_id, one.digest, pointing(*parts))


def nearest(store: VectorStore, vector: tuple[float, ...], limit: int = 10) -> list[uuid.UUID]:
    found = [one.product_id for one in store.nearest(vector, limit)]
    release()
    return found


def kept(store: VectorStore) -> set[uuid.UUID]:
    return {product_id for ids in store.kept() for product_id in ids}


def test_nearest_come_first_with_their_cosine(store) -> None:
    ahead, aside, behind = (with_vector(listed(), *parts) for parts in ((1.0,), (1.0, 1.0), (-1.0,)))
    store.write([behind, aside, ahead])
    expected = [ahead.product_id, aside.product_id, behind.product_id]
    in_time(lambda: nearest(store, pointing(1)), expected)
    in_time(lambda: nearest(store, pointing(1), 2), expected[:2])
    similarities = [one.similarity for one in store.nearest(pointing(1), 3)]
    assert similarities == pytest.approx([1, 0.5**0.5, -1], abs=1e-3)


def test_empty_store_is_near_to_nothing(store) -> None:
    listed()
    assert store.nearest(pointing(1), 10) == []
    assert kept(store) == set()


def test_written_again_it_is_in_the_new_place(store) -> None:
    one, other = listed(), with_vector(listed(), 0.5, 1.0)
    store.write([one, other])
    in_time(lambda: nearest(store, pointing(1)), [one.product_id, other.product_id])
    store.write([with_vector(one, 0.0, 0.0, 1.0)])
    in_time(lambda: nearest(store, pointing(1), 1), [other.product_id])
    in_time(lambda: kept(store), {one.product_id, other.product_id})


def test_forgotten_it_is_gone_and_forgetting_again_is_no_error(store) -> None:
    one, other = listed(), with_vector(listed(), 0.0, 1.0)
    store.write([one, other])
    in_time(lambda: kept(store), {one.product_id, other.product_id})
    for _ in range(2):
        store.forget([one.product_id, uuid.uuid4()])
        in_time(lambda: kept(store), {other.product_id})
    in_time(lambda: nearest(store, pointing(1)), [other.product_id])


def test_many_at_once(store) -> None:
    template = listed()
    if store.is_outside:
        vectors = [NewVector(uuid.uuid4(), "d", pointing(1.0, place / 300)) for place in range(300)]
    else:
        vectors = [template] + [listed() for _ in range(20)]
    store.write(vectors)
    in_time(lambda: kept(store), {one.product_id for one in vectors})
    in_time(lambda: len(nearest(store, pointing(1), 200)), min(200, len(vectors)))
