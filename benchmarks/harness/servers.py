"""Web servers to measure: ours and the bare page, with the command that `make run` has, or another one to compare."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from harness.instances import BENCHMARKS, ROOT, Instance
from harness.load import Target
from harness.processor import Family, family_of
from storefront.cli.up import web_environment, web_server
from storefront.core.embedded import processes
from storefront.core.settings import Settings

READY_WITHIN_SECONDS = 90.0
PAGES_ANEW = {f"CACHE_{kind}_SECONDS": "0" for kind in ("HOME", "SEARCH_ANSWER", "PAGE")}
"""The environment of a shop that keeps no page and no answer to a search: it remembers what pages are made of (counts
beside the filters of a list, products as lists show them, the category tree) and the vectors of texts."""
ALL_ANEW = PAGES_ANEW | {
    f"CACHE_{kind}_SECONDS": "0" for kind in ("CATEGORY_TREE", "FACET_COUNTS", "PRODUCT_CARD")
}
"""The environment of a shop that remembers the vectors of texts only."""
AS_SET_UP: Mapping[str, str] = {}

Command = Callable[[Settings, str], list[str]]
"""The command that serves a WSGI application with these settings."""


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def our_server(
    instance: Instance, environment: Mapping[str, str], command: Command = web_server
) -> Iterator[Target]:
    """The shop on ``instance``, as `make run` starts it but for what ``environment`` says."""
    settings = instance.settings.model_copy(update={"port": free_port()})
    own = {**web_environment(settings), **environment}
    with _running(command(settings, "wsgi:app"), settings, own, ROOT, "/health/ready") as server:
        yield Target("ours", f"127.0.0.1:{settings.port}", (family_of(server), *_services(instance)))


@contextmanager
def bare_server(instance: Instance, command: Command = web_server) -> Iterator[Target]:
    """The bare page on the same database, in the same server with the same workers."""
    settings = instance.settings.model_copy(update={"port": free_port()})
    own = {**web_environment(settings), "BARE_DATABASE": instance.database, "PYTHONPATH": str(ROOT)}
    with _running(command(settings, "bare.app:app"), settings, own, BENCHMARKS, "/suggest?q=a") as server:
        yield Target("bare", f"127.0.0.1:{settings.port}", (family_of(server), *_services(instance)))


@contextmanager
def embedder(instance: Instance) -> Iterator[int]:
    """The process that turns texts into vectors for the shop on ``instance``; its id."""
    flask = Path(os.sys.executable).with_name("flask")  # type: ignore[attr-defined]
    own = web_environment(instance.settings)
    with _started([str(flask), "--app", "wsgi", "embedder"], instance.settings, own, ROOT) as process:
        socket_file = instance.folder / "embedder.sock"
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not socket_file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield process.pid


def _services(instance: Instance) -> Sequence[Family]:
    """PostgreSQL and Valkey of the instance."""
    postgres = int((_home(instance) / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    valkey = processes.working_in(instance.folder.resolve() / "valkey", "valkey")
    return [family_of(postgres), *(family_of(one.pid) for one in valkey)]


def _home(instance: Instance) -> Path:
    from storefront.core.embedded.account import unprivileged_account
    from storefront.core.embedded.folders import folders_for

    return folders_for(instance.folder, unprivileged_account()).postgres


@contextmanager
def _running(
    command: Sequence[str], settings: Settings, environment: Mapping[str, str], folder: Path, page: str
) -> Iterator[int]:
    with _started(command, settings, environment, folder) as process:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not _answers(settings.port, page):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(command)} does not answer: look into {_log(settings)}")
            time.sleep(0.1)
        yield process.pid


@contextmanager
def _started(
    command: Sequence[str], settings: Settings, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    log = _log(settings)
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def _log(settings: Settings) -> Path:
    return settings.instance_dir / "logs" / "measured.log"


def _answers(port: int, page: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", page)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def proportional_memory(family: Family) -> list[tuple[str, int]]:
    """Name and proportional set size (bytes) of each process of a family, the main one first."""
    found = []
    for one in family():
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append((one.name(), int(one.memory_full_info().pss)))
    return found
