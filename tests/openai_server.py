"""A provider to test against: a real HTTP server on loopback that speaks the wire formats of chat completions and of
embeddings.

Each request takes the next reply of a script; what was asked is kept for the test to look at. A request for embeddings
that nobody scripted gets vectors.

    with OpenAIServer() as provider:
        provider.script(Calls(("search_products", {"query": "tent"})), Says("Here are two tents."))
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Send = Callable[[dict[str, Any]], None]


class Reply:
    """One answer of the provider. ``status`` other than 200 sends ``body`` as JSON instead of a stream."""

    status = 200
    retry_after: str | None = None
    finishes = True

    def body(self) -> dict[str, Any]:
        """What an error says."""
        return {"error": {"message": "scripted", "type": "scripted", "code": None}}

    def deltas(self, wait: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        """The ``delta`` objects of the stream, in order; ``wait`` sleeps until the server is closed."""
        yield from ()

    @property
    def finish_reason(self) -> str:
        """Why the model ended."""
        return "stop"


@dataclass
class Says(Reply):
    """Text in several deltas, with a pause (seconds) between two."""

    text: str
    pieces: int = 3
    pause: float = 0.0

    def deltas(self, wait: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        size = max(1, -(-len(self.text) // self.pieces))
        for start in range(0, len(self.text), size):
            if start and self.pause:
                wait(self.pause)
            yield {"content": self.text[start : start + size]}


@dataclass
class Calls(Reply):
    """Tool calls (in parallel when several), their arguments split over several deltas as providers do.

    Arguments given as text go out as they are: that is how broken JSON gets on the wire.
    """

    first: tuple[str, dict[str, Any] | str]
    more: Sequence[tuple[str, dict[str, Any] | str]] = ()
    text: str = ""
    same_id: bool = False

    def deltas(self, wait: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        if self.text:
            yield {"content": self.text}
        calls = [self.first, *self.more]
        for index, (name, _arguments) in enumerate(calls):
            call_id = "call_same" if self.same_id else f"call_{index}_{name}"
            yield _tool_delta(index, {"name": name, "arguments": ""}, call_id)
        pieces = [self._pieces(arguments) for _name, arguments in calls]
        # Interleaved: a client that joins pieces by their order instead of their index fails here.
        for position in range(max(len(each) for each in pieces)):
            for index, each in enumerate(pieces):
                if position < len(each):
                    yield _tool_delta(index, {"arguments": each[position]})

    @staticmethod
    def _pieces(arguments: dict[str, Any] | str) -> list[str]:
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        return [text[start : start + 7] for start in range(0, len(text), 7)]

    @property
    def finish_reason(self) -> str:
        return "tool_calls"


@dataclass
class Fails(Reply):
    """An HTTP error: 401, 429, 500, ..."""

    status: int = 500  # type: ignore[misc]
    retry_after: str | None = None


@dataclass
class Hangs(Reply):
    """Says ``text`` and then nothing any more, with the connection open, for ``seconds`` or until closed."""

    text: str = ""
    seconds: float = 60.0

    def deltas(self, wait: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        if self.text:
            yield {"content": self.text}
        wait(self.seconds)


@dataclass
class Embeds(Reply):
    """Vectors, one for each text, by default of the length that was asked for; or ``data`` as it is.

    ``pause`` (seconds) comes before it.
    """

    data: Any = None
    pause: float = 0.0

    def vectors(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request for embeddings, its rows out of order as the protocol allows."""
        rows: Any = self.data
        if rows is None:
            rows = [
                {"object": "embedding", "index": place, "embedding": embedding_of(text, body["dimensions"])}
                for place, text in enumerate(body["input"])
            ][::-1]
        usage = {"prompt_tokens": len(body["input"]), "total_tokens": len(body["input"])}
        return {"object": "list", "data": rows, "model": body["model"], "usage": usage}


def embedding_of(text: str, dimensions: int) -> list[float]:
    """What the server makes of a text: its letters counted. Not of length 1, as some providers' are not."""
    counts = [0.0] * dimensions
    for letter in text.lower():
        counts[ord(letter) % dimensions] += 1.0
    return counts


@dataclass
class Breaks(Reply):
    """Says ``text``, then the connection is gone without an end."""

    text: str = "Half a sen"
    finishes = False

    def deltas(self, wait: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        yield {"content": self.text}


@dataclass
class Garbles(Reply):
    """Sends a line that is no JSON in the middle of the stream."""

    text: str = "Half a sen"

    def deltas(self, wait: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        yield {"content": self.text}
        yield {"__raw__": "data: {not json\n\n"}


def _tool_delta(index: int, function: dict[str, str], call_id: str | None = None) -> dict[str, Any]:
    call: dict[str, Any] = {"index": index, "function": function}
    if call_id is not None:
        call |= {"id": call_id, "type": "function"}
    return {"tool_calls": [call]}


@dataclass
class OpenAIServer:
    """The server; ``url`` is what OPENAI_BASE_URL names, ``requests`` are the bodies it got.

    ``on_request`` is called with each body while the client waits, in the server's thread.
    """

    requests: list[dict[str, Any]] = field(default_factory=list)
    authorisations: list[str] = field(default_factory=list)
    on_request: Callable[[dict[str, Any]], None] | None = None
    tokens: tuple[int, int] = (20, 7)

    def __post_init__(self) -> None:
        self._replies: deque[Reply] = deque()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def script(self, *replies: Reply) -> None:
        """What the next requests get, one each."""
        self._replies.extend(replies)

    @property
    def replies_left(self) -> int:
        """How many scripted replies nobody has asked for."""
        return len(self._replies)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def take(self, body: dict[str, Any], authorisation: str) -> Reply:
        """Note a request and give it its reply; a request nobody scripted is an error."""
        self.requests.append(body)
        self.authorisations.append(authorisation)
        if self.on_request:
            self.on_request(body)
        default = Embeds() if "input" in body else Fails(500)
        return self._replies.popleft() if self._replies else default

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than the server lives."""
        self._closing.wait(seconds)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length))
                if self.path not in ("/v1/chat/completions", "/v1/embeddings"):
                    self._error(404, Fails(404))
                    return
                reply = server.take(body, self.headers.get("Authorization", ""))
                if reply.status != 200:
                    self._error(reply.status, reply)
                    return
                if isinstance(reply, Embeds):
                    server.wait(reply.pause)
                    self._json(200, reply.vectors(body))
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    self._stream(reply, body)
                except (BrokenPipeError, ConnectionResetError):  # the client gave up, as some tests want
                    self.close_connection = True

            def _stream(self, reply: Reply, body: dict[str, Any]) -> None:
                self._send_delta(body, {"role": "assistant", "content": ""})
                for delta in reply.deltas(server.wait):
                    if "__raw__" in delta:
                        self._write(delta["__raw__"])
                    else:
                        self._send_delta(body, delta)
                if not reply.finishes:
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                self._send_delta(body, {}, finish_reason=reply.finish_reason)
                if body.get("stream_options", {}).get("include_usage"):
                    tokens_in, tokens_out = server.tokens
                    usage = {
                        "prompt_tokens": tokens_in,
                        "completion_tokens": tokens_out,
                        "total_tokens": tokens_in + tokens_out,
                    }
                    self._send({**_chunk(body), "choices": [], "usage": usage})
                self._write("data: [DONE]\n\n")
                self.wfile.write(b"0\r\n\r\n")

            def _send_delta(
                self, body: dict[str, Any], delta: dict[str, Any], finish_reason: str | None = None
            ) -> None:
                choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
                self._send({**_chunk(body), "choices": [choice]})

            def _send(self, chunk: dict[str, Any]) -> None:
                self._write(f"data: {json.dumps(chunk)}\n\n")

            def _write(self, text: str) -> None:
                data = text.encode()
                self.wfile.write(b"%X\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def _error(self, status: int, reply: Reply) -> None:
                self._json(status, reply.body(), reply.retry_after)

            def _json(self, status: int, body: dict[str, Any], retry_after: str | None = None) -> None:
                data = json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    if retry_after:
                        self.send_header("Retry-After", retry_after)
                    self.end_headers()
                    self.wfile.write(data)
                except (BrokenPipeError, ConnectionResetError):  # the client gave up, as some tests want
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """A test run's output is for its failures."""

        return Handler


def _chunk(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_763_780_000,
        "model": body.get("model", ""),
    }
