"""A Pinecone index to test against: a real HTTP server on loopback that speaks as much of its data plane as the shop
uses. It keeps vectors by namespace, finds the nearest by cosine, lists ids page by page, and holds to the documented
limits.

    with PineconeServer() as server:
        server.fails("/query", status=429)      # the next query; ``times`` for more
        server.answers("/query", b"not json")
        ...
        assert server.requests[-1].body == {...}

What the shop does not use is refused, as the real one does with what it does not know.
"""

from __future__ import annotations

import base64
import json
import math
import threading
import urllib.parse
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "pinecone-test-key"
MOST_RECORDS = 1_000
MOST_BYTES = 2_000_000
MOST_DELETED = 1_000
MOST_LISTED = 100
MOST_NEAREST = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    method: str
    path: str
    parameters: dict[str, str]
    body: Any
    headers: dict[str, str]
    size: int


@dataclass
class _Fault:
    path: str
    status: int
    times: int
    body: bytes | None = None


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": []}


class PineconeServer:
    """The server; ``url`` is the index's address, ``requests`` what was asked, ``namespaces`` what is kept."""

    def __init__(self, dimensions: int = 384) -> None:
        self.dimensions = dimensions
        self.namespaces: dict[str, dict[str, list[float]]] = {}
        self.requests: list[Request] = []
        self._faults: list[_Fault] = []
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

    def fails(self, path: str, *, status: int, times: int = 1) -> None:
        """Answer the next requests for ``path`` with ``status``."""
        self._faults.append(_Fault(path, status, times))

    def answers(self, path: str, body: bytes) -> None:
        """Answer the next request for ``path`` with these bytes and a 200."""
        self._faults.append(_Fault(path, 200, 1, body))

    def hangs(self, path: str) -> None:
        """Never answer the next request for ``path``."""
        self._faults.append(_Fault(path, 0, 1))

    def sent(self, path: str) -> list[Any]:
        """The bodies of the requests for ``path``."""
        return [one.body for one in self.requests if one.path == path]

    # What follows answers requests.

    def handle(self, request: Request) -> bytes:
        """The answer's body. Raises :class:`Refused`."""
        self.requests.append(request)
        for fault in self._faults:
            if fault.path == request.path and fault.times > 0:
                fault.times -= 1
                if not fault.status:
                    self._closing.wait(30)
                if fault.body is not None:
                    return fault.body
                raise Refused(fault.status or 500, 2, "scripted")
        if request.headers.get("api-key") != KEY:
            raise Refused(401, 16, "Invalid API key")
        if not request.headers.get("x-pinecone-api-version"):
            raise Refused(400, 3, "no version")
        answer = _ROUTES.get((request.method, request.path))
        if answer is None:
            raise Refused(404, 5, "no such operation")
        with self._lock:
            return json.dumps(answer(self, request)).encode()

    def _upsert(self, request: Request) -> Any:
        _only(request.body, {"namespace", "vectors"})
        records = request.body["vectors"]
        if not 0 < len(records) <= MOST_RECORDS or request.size > MOST_BYTES:
            raise Refused(400, 3, "Request size exceeds the limit")
        for record in records:
            _only(record, {"id", "values"})
            self._check(record["values"])
        kept = self.namespaces.setdefault(request.body.get("namespace", ""), {})
        kept.update((record["id"], record["values"]) for record in records)
        return {"upsertedCount": len(records)}

    def _query(self, request: Request) -> Any:
        _only(request.body, {"namespace", "vector", "topK", "includeValues", "includeMetadata"})
        wanted, most = request.body["vector"], request.body["topK"]
        self._check(wanted)
        if not 1 <= most <= MOST_NEAREST:
            raise Refused(400, 3, "top_k is out of range")
        namespace = request.body.get("namespace", "")
        kept = self.namespaces.get(namespace, {})
        matches = [{"id": key, "score": _cosine(wanted, values)} for key, values in kept.items()]
        matches.sort(key=lambda match: -match["score"])
        return {"matches": matches[:most], "namespace": namespace, "usage": {"readUnits": 1}}

    def _delete(self, request: Request) -> Any:
        _only(request.body, {"namespace", "ids"})
        if not 0 < len(request.body["ids"]) <= MOST_DELETED:
            raise Refused(400, 3, "too many ids")
        namespace = request.body.get("namespace", "")
        if namespace not in self.namespaces:
            raise Refused(404, 5, "Namespace not found")
        for key in request.body["ids"]:
            self.namespaces[namespace].pop(key, None)
        return {}

    def _list(self, request: Request) -> Any:
        _only(request.parameters, {"namespace", "limit", "paginationToken"})
        most = int(request.parameters.get("limit", "100"))
        if not 1 <= most <= MOST_LISTED:
            raise Refused(400, 3, "limit is out of range")
        namespace = request.parameters.get("namespace", "")
        last = base64.b64decode(request.parameters.get("paginationToken", "")).decode()
        ids = sorted(key for key in self.namespaces.get(namespace, {}) if key > last)
        page: dict[str, Any] = {"vectors": [{"id": key} for key in ids[:most]], "namespace": namespace}
        if len(ids) > most:
            page["pagination"] = {"next": base64.b64encode(ids[most - 1].encode()).decode()}
        return {**page, "usage": {"readUnits": 1}}

    def _check(self, values: list[float]) -> None:
        if len(values) != self.dimensions:
            said = (
                f"Vector dimension {len(values)} does not match the dimension of the index {self.dimensions}"
            )
            raise Refused(400, 3, said)


_ROUTES = {
    ("POST", "/vectors/upsert"): PineconeServer._upsert,
    ("POST", "/query"): PineconeServer._query,
    ("POST", "/vectors/delete"): PineconeServer._delete,
    ("GET", "/vectors/list"): PineconeServer._list,
}


def _only(given: dict[str, Any], known: set[str]) -> None:
    if unknown := set(given) - known:
        raise Refused(400, 3, f"unknown {sorted(unknown)}")


def _cosine(one: list[float], other: list[float]) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0


def _handler(server: PineconeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(
                self.command,
                path,
                dict(urllib.parse.parse_qsl(query)),
                json.loads(raw) if raw else None,
                headers,
                len(raw),
            )
            try:
                status, data = 200, server.handle(request)
            except Refused as refused:
                status, data = refused.status, json.dumps(refused.body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):  # the client gave up, as some tests want
                self.close_connection = True

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            """A test run's output is for its failures."""

    return Handler
