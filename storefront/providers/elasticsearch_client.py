"""The client of an Elasticsearch server: the one module that imports ``elasticsearch`` (the extra of that name)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import elasticsearch
from elasticsearch import helpers

from storefront.core.db import assert_no_transaction
from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.providers.search_server import Change, Refusal, SearchServer, SearchServerFailure

BATCH = 500
_BATCH_BYTES = 8_000_000
_WRITE_SECONDS = 60.0
_TRIES = 5
_FIRST_PAUSE_SECONDS = 1.0
_CONNECTIONS = 16


class ElasticsearchServer:
    """Documents and searches over HTTP.

    ``search_seconds`` is the longest wait for a search, which is tried once: a page is waiting and PostgreSQL can
    answer it. Everything else waits a minute and is tried again where the server says that it is busy.
    ``first_pause`` (seconds) doubles with every try.
    """

    def __init__(
        self, url: str, api_key: str | None, search_seconds: float, first_pause: float = _FIRST_PAUSE_SECONDS
    ) -> None:
        client = elasticsearch.Elasticsearch(
            url,
            api_key=api_key,
            connections_per_node=_CONNECTIONS,
            http_compress=True,
            request_timeout=_WRITE_SECONDS,
            max_retries=0,
            retry_on_timeout=False,
        )
        self._searching = client.options(request_timeout=search_seconds)
        self._writing = client
        self._first_pause = first_pause

    def search(self, alias: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """See :meth:`SearchServer.search`."""
        with _failures():
            answer = self._searching.search(index=alias, body=dict(body), allow_partial_search_results=False)
            found: Mapping[str, Any] = answer.body
        if found.get("timed_out"):
            raise SearchServerFailure("timeout", "the search was broken off")
        return found

    def write(self, changes: Iterable[Change]) -> list[Refusal]:
        """See :meth:`SearchServer.write`."""
        refusals: list[Refusal] = []
        with _failures():
            for is_taken, item in helpers.streaming_bulk(
                self._writing,
                (_action(change) for change in _outside_transactions(changes)),
                chunk_size=BATCH,
                max_chunk_bytes=_BATCH_BYTES,
                raise_on_error=False,
                max_retries=_TRIES,
                initial_backoff=self._first_pause,
                # Otherwise a write to an alias that has just gone would make an index of that name.
                require_alias=True,
            ):
                if not is_taken and (refusal := _refusal(item)):
                    refusals.append(refusal)
        return refusals

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        """See :meth:`SearchServer.create`."""
        with _failures():
            self._writing.indices.create(index=index, body=dict(body))

    def indexes(self, pattern: str) -> Mapping[str, frozenset[str]]:
        """See :meth:`SearchServer.indexes`."""
        with _failures():
            found = self._writing.indices.get_alias(index=pattern, allow_no_indices=True)
            return {name: frozenset(about.get("aliases", ())) for name, about in found.body.items()}

    def has_alias(self, alias: str) -> bool:
        """See :meth:`SearchServer.has_alias`."""
        with _failures():
            return bool(self._writing.indices.exists_alias(name=alias))

    def switch(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """See :meth:`SearchServer.switch`."""
        with _failures():
            self._writing.indices.update_aliases(actions=list(actions))

    def delete(self, index: str) -> None:
        """See :meth:`SearchServer.delete`."""
        with _failures():
            self._writing.indices.delete(index=index, ignore_unavailable=True)

    def settle(self, index: str, settings: Mapping[str, Any]) -> None:
        """See :meth:`SearchServer.settle`."""
        with _failures():
            self._writing.indices.put_settings(index=index, settings=dict(settings))
            self._writing.indices.refresh(index=index)

    def count(self, alias: str, query: Mapping[str, Any] | None = None) -> int:
        """See :meth:`SearchServer.count`."""
        with _failures():
            answer = self._writing.count(index=alias, query=dict(query) if query else None)
            return int(answer.body["count"])


def _outside_transactions(changes: Iterable[Change]) -> Iterator[Change]:
    """Whoever makes the changes while they are written must have let go of the database."""
    for change in changes:
        assert_no_transaction()
        yield change


def _action(change: Change) -> dict[str, Any]:
    action: dict[str, Any] = {
        "_op_type": "delete" if change.document is None else "index",
        "_index": change.alias,
        "_id": change.key,
        "version": change.version,
        # Equal is as new: a batch that is sent twice is taken twice.
        "version_type": "external_gte",
    }
    return action if change.document is None else {**action, "_source": dict(change.document)}


def _refusal(item: Mapping[str, Any]) -> Refusal | None:
    """What the server refused; None where it has something newer, or nothing to remove."""
    ((operation, answer),) = item.items()
    status = int(answer.get("status", 0))
    if status == 409 or (operation == "delete" and answer.get("result") == "not_found"):
        return None
    error = answer.get("error")
    reason = error.get("reason", "") if isinstance(error, Mapping) else str(error or answer.get("result", ""))
    return Refusal(str(answer.get("_index", "")), str(answer.get("_id", "")), status, str(reason)[:300])


@contextmanager
def _failures() -> Iterator[None]:
    assert_no_transaction()
    try:
        yield
    except (elasticsearch.ApiError, elasticsearch.TransportError) as error:
        raise SearchServerFailure(_code(error), str(error)[:300]) from error


def _code(error: Exception) -> str:
    match error:
        case elasticsearch.ConnectionTimeout():
            return "timeout"
        case elasticsearch.UnsupportedProductError():
            return "not_elasticsearch"
        case elasticsearch.ApiError():
            by_status = {401: "not_authorised", 403: "not_authorised", 404: "not_found", 408: "timeout"}
            by_status |= {409: "conflict", 429: "overloaded", 503: "overloaded", 504: "timeout"}
            return by_status.get(error.status_code, "server_error" if error.status_code >= 500 else "refused")
        case elasticsearch.SerializationError():
            return "not_elasticsearch"
        case _:
            return "unreachable"


def search_server() -> SearchServer:
    """The server of the running application, its connections made once. ELASTICSEARCH_URL must be set."""
    return once_per_application("search_server", _open)


def _open(settings: Settings) -> SearchServer:
    assert settings.elasticsearch_url is not None
    key = settings.elasticsearch_api_key
    return ElasticsearchServer(
        settings.elasticsearch_url.get_secret_value(),
        key.get_secret_value() if key else None,
        settings.elasticsearch_timeout_seconds,
    )
