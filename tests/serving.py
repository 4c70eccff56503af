"""An application on a real loopback port, in this process: each request in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


@dataclass(frozen=True, slots=True)
class LiveServer:
    """The application behind a real port on loopback."""

    url: str
    app: Flask


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *arguments: object) -> None:
        """Access lines of a test run are noise."""


@contextmanager
def served(app: Flask, reserved: socket.socket | None = None) -> Iterator[LiveServer]:
    """The application at a free port, or at the one that is ``reserved``."""
    port, descriptor = 0, None
    if reserved is not None:
        port, descriptor = reserved.getsockname()[1], reserved.fileno()
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_QuietHandler, fd=descriptor)
    if reserved is not None:
        reserved.listen(128)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield LiveServer(f"http://127.0.0.1:{server.port}", app)
    finally:
        server.shutdown()
        serving.join(timeout=5)
        server.server_close()
