"""The embedder: one process that holds the model for all others, asked over a Unix socket.

A message is JSON with its length before it (:mod:`multiprocessing.connection`); nothing is unpickled. Whoever asks
waits for a set time at most, and after a failure asks nobody for some seconds: pages go on without meanings.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Listener

import msgspec
import structlog

from storefront.core.db import assert_no_transaction
from storefront.providers.embeddings import LOCAL_MODEL, EmbeddingFailure, EmbeddingModel, Vector
from storefront.providers.resting import Rest

log = structlog.get_logger(__name__)

MOST_TEXTS = 64
LONGEST_TEXT = 2_000
_TEXTS = msgspec.json.Decoder(list[str])
_VECTORS = msgspec.json.Decoder(list[Vector])


class EmbedderClient:
    """The model behind the socket ``address``. One connection for each thread."""

    name = LOCAL_MODEL

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._rest = Rest(clock)
        self._local = threading.local()

    def embed(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        """See :meth:`EmbeddingModel.embed`. No transaction may be open."""
        assert_no_transaction()
        if not texts:
            return []
        if self._rest.is_on:
            raise EmbeddingFailure("unreachable")
        try:
            vectors = self._ask(list(texts), seconds)
        except (OSError, EOFError, msgspec.MsgspecError) as problem:
            self._hang_up()
            self._rest.begin()
            log.info("embedder_away", problem=type(problem).__name__)
            code = "timeout" if isinstance(problem, TimeoutError) else "unreachable"
            raise EmbeddingFailure(code) from problem
        if len(vectors) != len(texts):
            raise EmbeddingFailure("wrong_shape")
        return vectors

    def _ask(self, texts: list[str], seconds: float) -> list[Vector]:
        connection = self._connection(seconds)
        try:
            connection.send_bytes(msgspec.json.encode(texts))
        except OSError:
            # The embedder was started anew since the last question.
            self._hang_up()
            connection = self._connection(seconds)
            connection.send_bytes(msgspec.json.encode(texts))
        if not connection.poll(seconds):
            raise TimeoutError
        return _VECTORS.decode(connection.recv_bytes())

    def _connection(self, seconds: float) -> Connection:
        # A forked process must not talk on its parent's connection.
        if getattr(self._local, "process", None) != os.getpid():
            self._local.connection = _connected(self._address, seconds)
            self._local.process = os.getpid()
        connection: Connection = self._local.connection
        return connection

    def _hang_up(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.process = None
        if connection is not None:
            with suppress(OSError):
                connection.close()


def _connected(address: str, seconds: float) -> Connection:
    """A connection within ``seconds``. The library's own client waits for ever where the listener's queue is full."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as fresh:
        fresh.settimeout(seconds)
        fresh.connect(address)
        fresh.setblocking(True)
        return Connection(fresh.detach())


def serve(address: str, model: EmbeddingModel) -> None:
    """Answer on the socket ``address`` until the process is ended. Only the user who runs it may connect."""
    with suppress(FileNotFoundError):
        os.unlink(address)
    before = os.umask(0o177)
    try:
        listener = Listener(address, family="AF_UNIX", backlog=64)
    finally:
        os.umask(before)
    one_at_a_time = threading.Lock()
    with listener:
        while True:
            connection = listener.accept()
            threading.Thread(target=_answer, args=(connection, model, one_at_a_time), daemon=True).start()


def _answer(connection: Connection, model: EmbeddingModel, one_at_a_time: threading.Lock) -> None:
    with connection, suppress(OSError, EOFError):
        while connection.poll(None):
            try:
                texts = _TEXTS.decode(connection.recv_bytes(MOST_TEXTS * LONGEST_TEXT * 8))
            except msgspec.MsgspecError:
                return
            with one_at_a_time:
                vectors = model.embed([text[:LONGEST_TEXT] for text in texts[:MOST_TEXTS]], 0.0)
            connection.send_bytes(msgspec.json.encode(vectors))
