"""Load on a web server, from a process of its own: ``wrk`` where the machine has it, else our own loader."""

from __future__ import annotations

import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from harness.processor import Family, machine_seconds, seconds, wait_until_idle

_HERE = Path(__file__).parent
WRK = shutil.which("wrk")


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``holds`` is something that the right answer's body holds."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    status: int = 200
    holds: str = ""

    def line(self) -> str:
        """As the loaders read it."""
        headers = "|".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.method}\t{self.path}\t{headers}\t{self.body}"


class _Printed(msgspec.Struct):
    requests: int
    seconds: float
    bytes: int
    errors: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run of load. Times in milliseconds; ``processor`` is what the server and its database took for a request,
    ``elsewhere`` how many processors the rest of the machine kept busy, ``errors`` answers that were no right ones."""

    per_second: float
    p50: float
    p95: float
    p99: float
    processor: float
    elsewhere: float
    errors: int


@dataclass(frozen=True, slots=True)
class Target:
    """A web server at ``address`` (host:port); ``families`` are its processes and the services' that work for it."""

    name: str
    address: str
    families: Sequence[Family]


@dataclass(slots=True)
class Runs:
    """Runs of the same requests against the same server."""

    all: list[Run] = field(default_factory=list)

    def median(self, name: str) -> float:
        """The median of one figure."""
        return statistics.median(getattr(run, name) for run in self.all)

    @property
    def errors(self) -> int:
        """Wrong answers in all runs."""
        return sum(run.errors for run in self.all)


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of an answer: its body alone, and with its headers as they travel."""

    body: float
    whole: float


def answered(target: Target, request: Request) -> Size:
    """Ask once; how big the right answer is. Raises SystemExit for a wrong one."""
    connection = http.client.HTTPConnection(target.address, timeout=60)
    try:
        connection.request(request.method, request.path, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != request.status or request.holds.encode() not in body:
        raise SystemExit(
            f"{target.name}: {request.method} {request.path} answered {answer.status}, {len(body)} bytes"
        )
    head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
    return Size(len(body), len(body) + head + len(f"HTTP/1.1 {answer.status} {answer.reason}") + 4)


def mean_size(target: Target, requests: Sequence[Request]) -> Size:
    """Ask each of the requests once; the mean size of the answers. Raises SystemExit for a wrong one."""
    sizes = [answered(target, request) for request in requests]
    return Size(statistics.fmean(one.body for one in sizes), statistics.fmean(one.whole for one in sizes))


def run_load(
    target: Target,
    requests: Sequence[Request],
    connections: int,
    duration: float,
    right_size: float,
    *,
    wait: bool = True,
) -> Run:
    """Load ``target`` for ``duration`` seconds, by default once it is idle.

    ``right_size`` is the mean right answer, in bytes with its headers.
    """
    if wait:
        wait_until_idle(target.families)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as written:
        written.write("".join(request.line() + "\n" for request in requests))
        written.flush()
        before, machine, begun = seconds(target.families), machine_seconds(), time.monotonic()
        child_before = os.times()
        printed = subprocess.run(
            _command(target.address, connections, duration),
            env={**os.environ, "REQUESTS": written.name},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    took = seconds(target.families) - before
    elapsed, busy = time.monotonic() - begun, machine_seconds() - machine
    child = os.times()
    loader = (
        child.children_user
        + child.children_system
        - child_before.children_user
        - child_before.children_system
    )
    seen = msgspec.json.decode(printed.rsplit("JSON", 1)[1], type=_Printed)
    errors = seen.errors
    # An answer of another size is another page: all of them count as wrong then.
    if not 0.9 < seen.bytes / max(seen.requests, 1) / right_size < 1.1:
        errors = seen.requests
    return Run(
        per_second=seen.requests / seen.seconds,
        p50=seen.p50,
        p95=seen.p95,
        p99=seen.p99,
        processor=took * 1000 / max(seen.requests, 1),
        elsewhere=max(0.0, busy - took - loader) / elapsed,
        errors=errors,
    )


def _command(address: str, connections: int, duration: float) -> list[str]:
    if WRK is None:
        return [sys.executable, str(_HERE / "loader.py"), address, str(connections), str(duration)]
    # wrk takes whole seconds only.
    return [
        WRK,
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(duration))}s",
        "--timeout",
        "30s",
        "-s",
        str(_HERE / "wrk.lua"),
        f"http://{address}",
    ]
