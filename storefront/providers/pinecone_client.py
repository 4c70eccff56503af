"""The client of a Pinecone index: the one module that speaks HTTP to it.

The paths, headers and limits are those of Pinecone's data plane ("legacy vectors API" in its documents, version
2026-07): an upsert takes 1,000 records or 2 MB, a deletion 1,000 ids, a list gives 100 ids at a time.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import httpx2
import msgspec
import structlog

from storefront.core.db import assert_no_transaction
from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.providers.resting import Rest
from storefront.providers.vector_store import Near, NewVector, VectorStore, VectorStoreFailure

log = structlog.get_logger(__name__)
T = TypeVar("T")
API_VERSION = "2026-07"
VECTORS_AT_ONCE = 200
"""Of 384 numbers each: less than 1 MB."""

IDS_AT_ONCE = 1_000
_LISTED_AT_ONCE = 100
_DIGITS = 7
_WRITE_SECONDS = 30.0
_TRIES = 5
_FIRST_PAUSE_SECONDS = 0.5
_WORTH_ANOTHER_TRY = frozenset({"overloaded", "server_error"})
_CODES = {401: "not_authorised", 403: "not_authorised", 404: "not_found", 408: "timeout", 429: "overloaded"}


class _Match(msgspec.Struct):
    id: str
    score: float = 0.0  # left out on the wire where it is 0


class _Matches(msgspec.Struct):
    matches: list[_Match] = []


class _Id(msgspec.Struct):
    id: str


class _Pagination(msgspec.Struct):
    next: str = ""


class _Ids(msgspec.Struct):
    vectors: list[_Id] = []
    pagination: _Pagination | None = None


class _Anything(msgspec.Struct):
    """Any object: of what was written nothing is read."""


class PineconeStore:
    """One namespace of one index, which must have the shop's dimensions and the metric ``cosine``.

    ``seconds`` is the longest wait for the nearest, which are asked for once; after a failure nobody asks for some
    seconds. What is written, removed or listed waits longer and is tried again where Pinecone is busy; the pause
    (``first_pause`` seconds) doubles with every try.
    """

    is_outside = True

    def __init__(
        self,
        host: str,
        api_key: str,
        namespace: str,
        seconds: float,
        first_pause: float = _FIRST_PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._namespace = namespace
        self._seconds = seconds
        self._first_pause = first_pause
        self._rest = Rest(clock)
        self._client = httpx2.Client(
            base_url=host if "://" in host else f"https://{host}",
            headers={"Api-Key": api_key, "X-Pinecone-Api-Version": API_VERSION},
            timeout=_WRITE_SECONDS,
        )

    def close(self) -> None:
        """End the connections that are kept open for the next question."""
        self._client.close()

    def nearest(self, vector: Sequence[float], limit: int) -> list[Near]:
        """See :meth:`VectorStore.nearest`."""
        if self._rest.is_on:
            raise VectorStoreFailure("unreachable", "it has just failed")
        body = {
            "namespace": self._namespace,
            "vector": _rounded(vector),
            "topK": limit,
            "includeValues": False,
            "includeMetadata": False,
        }
        try:
            found = self._ask("POST", "/query", _Matches, body=body, seconds=self._seconds)
            return [Near(_product_id(one.id), min(1.0, max(-1.0, one.score))) for one in found.matches]
        except VectorStoreFailure as failure:
            self._rest.begin()
            log.warning("vector_store_failed", code=failure.code, detail=failure.detail)
            raise

    def write(self, vectors: Sequence[NewVector]) -> None:
        """See :meth:`VectorStore.write`."""
        for batch in _batches(vectors, VECTORS_AT_ONCE):
            records = [{"id": str(one.product_id), "values": _rounded(one.vector)} for one in batch]
            self._ask_until_taken(
                "POST", "/vectors/upsert", _Anything, body={"namespace": self._namespace, "vectors": records}
            )

    def forget(self, product_ids: Sequence[uuid.UUID]) -> None:
        """See :meth:`VectorStore.forget`."""
        for batch in _batches(product_ids, IDS_AT_ONCE):
            body = {"namespace": self._namespace, "ids": [str(one) for one in batch]}
            try:
                self._ask_until_taken("POST", "/vectors/delete", _Anything, body=body)
            except VectorStoreFailure as failure:
                if failure.code != "not_found":  # a namespace comes into being with its first vector
                    raise

    def kept(self) -> Iterator[list[uuid.UUID]]:
        """See :meth:`VectorStore.kept`."""
        where = {"namespace": self._namespace, "limit": str(_LISTED_AT_ONCE)}
        following: dict[str, str] = {}
        while True:
            try:
                page = self._ask_until_taken("GET", "/vectors/list", _Ids, parameters={**where, **following})
            except VectorStoreFailure as failure:
                if failure.code != "not_found":
                    raise
                return
            if page.vectors:
                yield [_product_id(one.id) for one in page.vectors]
            if page.pagination is None or not page.pagination.next:
                return
            following = {"paginationToken": page.pagination.next}

    def _ask_until_taken(
        self,
        method: str,
        path: str,
        returns: type[T],
        *,
        body: Mapping[str, Any] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> T:
        pause = self._first_pause
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._ask(
                    method, path, returns, body=body, parameters=parameters, seconds=_WRITE_SECONDS
                )
            except VectorStoreFailure as failure:
                if not tries_left or failure.code not in _WORTH_ANOTHER_TRY:
                    raise
            time.sleep(pause)
            pause *= 2
        raise AssertionError

    def _ask(
        self,
        method: str,
        path: str,
        returns: type[T],
        *,
        body: Mapping[str, Any] | None = None,
        parameters: Mapping[str, str] | None = None,
        seconds: float,
    ) -> T:
        assert_no_transaction()
        try:
            answer = self._client.request(method, path, json=body, params=parameters, timeout=seconds)
        except httpx2.TimeoutException as problem:
            raise VectorStoreFailure("timeout", type(problem).__name__) from problem
        except httpx2.HTTPError as problem:
            raise VectorStoreFailure("unreachable", str(problem)[:300]) from problem
        if not answer.is_success:
            code = _CODES.get(answer.status_code, "server_error" if answer.status_code >= 500 else "refused")
            raise VectorStoreFailure(code, f"{answer.status_code} {answer.text[:300]}")
        try:
            return msgspec.json.decode(answer.content, type=returns)
        except msgspec.MsgspecError as problem:
            raise VectorStoreFailure("wrong_shape", str(problem)[:300]) from problem


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[place : place + size] for place in range(0, len(items), size))


def _rounded(vector: Sequence[float]) -> list[float]:
    """As exact as the 32 bits of the other side; half the bytes."""
    return [round(number, _DIGITS) for number in vector]


def _product_id(written: str) -> uuid.UUID:
    try:
        return uuid.UUID(written)
    except ValueError as problem:
        raise VectorStoreFailure("wrong_shape", f"not a product's id: {written[:60]!r}") from problem


def pinecone_store() -> VectorStore:
    """The index of the running application, its connections made once. PINECONE_HOST and its key must be set."""
    return once_per_application("pinecone_store", _open)


def _open(settings: Settings) -> VectorStore:
    assert settings.pinecone_host is not None
    assert settings.pinecone_api_key is not None
    return PineconeStore(
        settings.pinecone_host,
        settings.pinecone_api_key.get_secret_value(),
        settings.pinecone_namespace,
        settings.pinecone_timeout_seconds,
    )
