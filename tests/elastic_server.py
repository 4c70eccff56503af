"""A search server to test against: a real HTTP server on loopback that speaks as much of Elasticsearch's protocol as
the shop uses. It keeps documents, checks versions and mappings, and answers searches (``tests.elastic_queries``).

    with ElasticServer() as server:
        server.fails("_search", status=500)      # the next search; ``times`` for more
        server.refuses(key, status=429)          # one item of the next batch
        ...
        assert server.requests[-1].body == {...}

What the shop does not use is refused with a 400, as the real server does with what it does not know.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
import threading
import urllib.parse
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.elastic_queries import BadQuery, search

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: ``body`` is the JSON, or for a batch the list of its lines."""

    method: str
    path: str
    parameters: dict[str, str]
    body: Any
    headers: dict[str, str]


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.error = {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}]}


@dataclass
class Index:
    """An index: documents by id, the version of each id (removed ones too), what searches see."""

    settings: Body
    mappings: Body
    documents: dict[str, Body] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    visible: dict[str, Body] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)

    def refresh(self) -> None:
        """Show what was written."""
        self.visible = dict(self.documents)

    @property
    def refreshes_by_itself(self) -> bool:
        """False while the index is loaded."""
        return bool(self.settings["index"].get("refresh_interval") != "-1")

    def check(self, document: Body) -> None:
        """Refuse what the mapping does not take."""
        properties = self.mappings["properties"]
        if unknown := set(document) - set(properties):
            raise Refused(400, "strict_dynamic_mapping_exception", f"introduction of {sorted(unknown)}")
        templates = {key.removeprefix("words_") for one in self.mappings["dynamic_templates"] for key in one}
        if unknown := set(document.get("words", {})) - templates:
            raise Refused(400, "document_parsing_exception", f"no analyser for {sorted(unknown)}")
        vector = document.get("vector")
        if vector is not None and len(vector) != properties["vector"]["dims"]:
            raise Refused(400, "document_parsing_exception", "the [dense_vector] has other dimensions")


class ElasticServer:
    """The server; ``url`` is its address, ``requests`` what was asked since :meth:`forget`."""

    def __init__(self) -> None:
        self.indexes: dict[str, Index] = {}
        self.requests: list[Request] = []
        self.is_elasticsearch = True
        self._faults: list[list[Any]] = []
        self._item_faults: dict[str, list[int]] = {}
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fails(self, path: str, *, status: int = 500, times: int = 1) -> None:
        """Answer the next requests whose path holds ``path`` with ``status``."""
        self._faults.append([path, status, times])

    def hangs(self, path: str) -> None:
        """Never answer the next request whose path holds ``path``."""
        self._faults.append([path, 0, 1])

    def refuses(self, key: str, *, status: int, times: int = 1) -> None:
        """Refuse the item ``key`` of the next batches that hold it."""
        self._item_faults[key] = [status] * times

    def forget(self) -> None:
        """Begin the list of requests anew."""
        self.requests.clear()

    def behind(self, alias: str) -> Index | None:
        """The index that answers to ``alias``."""
        return next((index for index in self.indexes.values() if alias in index.aliases), None)

    def sent(self, path: str) -> list[Any]:
        """The bodies of the requests whose path ends so."""
        return [one.body for one in self.requests if one.path.endswith(path)]

    # What follows answers requests.

    def handle(self, request: Request) -> tuple[int, Any]:
        """The answer: a status and a body."""
        self.requests.append(request)
        for fault in self._faults:
            if fault[0] in request.path and fault[2] > 0:
                fault[2] -= 1
                if not fault[1]:
                    self._closing.wait(30)
                raise Refused(fault[1] or 500, "scripted_exception", "scripted")
        with self._lock:
            for method, pattern, answer in _ROUTES:
                found = re.fullmatch(pattern, request.path)
                if found and request.method in method:
                    return answer(self, request, *found.groups())  # type: ignore[no-any-return]
        raise Refused(400, "illegal_argument_exception", f"no route for {request.method} {request.path}")

    def _named(self, name: str) -> Index:
        found = self.indexes.get(name) or self.behind(name)
        if found is None:
            raise Refused(404, "index_not_found_exception", f"no such index [{name}]")
        return found

    def _create(self, request: Request, name: str) -> tuple[int, Any]:
        if name in self.indexes:
            raise Refused(400, "resource_already_exists_exception", f"index [{name}] already exists")
        if unknown := set(request.body) - {"settings", "mappings", "aliases"}:
            raise Refused(400, "parse_exception", f"unknown key {sorted(unknown)}")
        self.indexes[name] = Index(*copy.deepcopy((request.body["settings"], request.body["mappings"])))
        return 200, {"acknowledged": True, "shards_acknowledged": True, "index": name}

    def _delete(self, request: Request, name: str) -> tuple[int, Any]:
        if name not in self.indexes and request.parameters.get("ignore_unavailable") != "true":
            self._named(name)
        self.indexes.pop(name, None)
        return 200, {"acknowledged": True}

    def _settings(self, request: Request, name: str) -> tuple[int, Any]:
        self._named(name).settings["index"].update(request.body["index"])
        return 200, {"acknowledged": True}

    def _refresh(self, _request: Request, name: str) -> tuple[int, Any]:
        self._named(name).refresh()
        return 200, {"_shards": {"total": 1, "successful": 1, "failed": 0}}

    def _aliases_of(self, _request: Request, pattern: str) -> tuple[int, Any]:
        return 200, {
            name: {"aliases": {alias: {} for alias in sorted(index.aliases)}}
            for name, index in self.indexes.items()
            if fnmatchcase(name, pattern)
        }

    def _has_alias(self, _request: Request, alias: str) -> tuple[int, Any]:
        return (200 if self.behind(alias) else 404), None

    def _change_aliases(self, request: Request) -> tuple[int, Any]:
        after = {name: set(index.aliases) for name, index in self.indexes.items()}
        for action in request.body["actions"]:
            ((kind, about),) = action.items()
            index, alias = about["index"], about.get("alias")
            if index not in after:
                raise Refused(404, "index_not_found_exception", f"no such index [{index}]")
            if kind == "remove_index":
                del after[index]
            elif kind == "add":
                after[index].add(alias)
            elif alias in after[index]:
                after[index].remove(alias)
            else:
                raise Refused(404, "aliases_not_found_exception", f"aliases [{alias}] missing")
        self.indexes = {name: self.indexes[name] for name in after}
        for name, aliases in after.items():
            self.indexes[name].aliases = aliases
        return 200, {"acknowledged": True}

    def _bulk(self, request: Request) -> tuple[int, Any]:
        lines = iter(request.body)
        items = []
        for line in lines:
            ((operation, about),) = line.items()
            document = next(lines) if operation == "index" else None
            try:
                items.append({operation: self._write(about, document, request.parameters)})
            except Refused as refused:
                said = {"_index": about["_index"], "_id": about["_id"]}
                items.append({operation: {**said, "status": refused.status, "error": refused.error}})
        return 200, {
            "took": 1,
            "errors": any("error" in next(iter(one.values())) for one in items),
            "items": items,
        }

    def _write(self, about: Body, document: Body | None, parameters: dict[str, str]) -> Body:
        key, version = about["_id"], about["version"]
        faults = self._item_faults.get(key)
        if faults:
            raise Refused(faults.pop(0), "scripted_exception", "scripted")
        index = self.behind(about["_index"])
        if index is None:
            assert parameters.get("require_alias") == "true", "this would make an index"
            raise Refused(404, "index_not_found_exception", f"[{about['_index']}] is not an alias")
        assert about["version_type"] == "external_gte"
        if version < index.versions.get(key, 0):
            raise Refused(409, "version_conflict_engine_exception", f"[{key}]: version conflict")
        known = key in index.documents
        if document is None:
            index.documents.pop(key, None)
            result, status = ("deleted", 200) if known else ("not_found", 404)
        else:
            index.check(document)
            index.documents[key] = document
            result, status = ("updated", 200) if known else ("created", 201)
        index.versions[key] = version
        if index.refreshes_by_itself:
            index.refresh()
        return {
            "_index": about["_index"],
            "_id": key,
            "_version": version,
            "result": result,
            "status": status,
        }

    def _search(self, request: Request, name: str) -> tuple[int, Any]:
        return 200, search(self._named(name).visible, request.body or {})

    def _count(self, request: Request, name: str) -> tuple[int, Any]:
        query = (request.body or {}).get("query", {"match_all": {}})
        found = search(self._named(name).visible, {"query": query, "size": 0, "track_total_hits": True})
        return 200, {"count": found["hits"]["total"]["value"]}


_ROUTES = (
    (("POST", "PUT"), r"/_bulk", ElasticServer._bulk),
    (("POST",), r"/_aliases", ElasticServer._change_aliases),
    (("HEAD",), r"/_alias/([^/]+)", ElasticServer._has_alias),
    (("GET",), r"/([^/_][^/]*)/_alias", ElasticServer._aliases_of),
    (("PUT",), r"/([^/_][^/]*)/_settings", ElasticServer._settings),
    (("POST",), r"/([^/_][^/]*)/_refresh", ElasticServer._refresh),
    (("POST",), r"/([^/_][^/]*)/_search", ElasticServer._search),
    (("POST",), r"/([^/_][^/]*)/_count", ElasticServer._count),
    (("PUT",), r"/([^/_][^/]*)", ElasticServer._create),
    (("DELETE",), r"/([^/_][^/]*)", ElasticServer._delete),
)


def _handler(server: ElasticServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            parameters = dict(urllib.parse.parse_qsl(query))
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                raw = gzip.decompress(raw)
            body: Any = None
            if "ndjson" in self.headers.get("Content-Type", ""):
                body = [json.loads(line) for line in raw.splitlines()]
            elif raw:
                body = json.loads(raw)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, urllib.parse.unquote(path), parameters, body, headers)
            try:
                status, answer = server.handle(request)
            except Refused as refused:
                status, answer = refused.status, {"error": refused.error, "status": refused.status}
            except BadQuery as bad:
                said = {"type": "parsing_exception", "reason": str(bad)}
                status, answer = 400, {"error": {**said, "root_cause": [said]}, "status": 400}
            data = b"" if answer is None else json.dumps(answer).encode()
            try:
                self.send_response(status)
                if server.is_elasticsearch:
                    self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):  # the client gave up, as some tests want
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer

        def log_message(self, format: str, *args: object) -> None:
            """A test run's output is for its failures."""

    return Handler
