"""A cable between the browser and a server that a test can pull out: every connection through it breaks at once."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Cable:
    """Listens on a loopback port of its own and passes bytes on to ``port``. Use as a context manager."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: set[socket.socket] = set()
        self._guard = threading.Lock()

    @property
    def url(self) -> str:
        """Where the server is reached through the cable."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(self._listening)
        self.pull()

    def pull(self) -> None:
        """Break all connections there are; new ones are passed on."""
        with self._guard:
            ends, self._ends = self._ends, set()
        for end in ends:
            self._close(end)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _address = self._listening.accept()
                there = socket.create_connection(self._target)
                with self._guard:
                    self._ends |= {here, there}
                for source, sink in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        self._close(source)
        self._close(sink)

    @staticmethod
    def _close(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
