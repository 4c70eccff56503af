"""``flask up``: opens a shop from nothing, heals itself, and leaves no process however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

ROOT = Path(__file__).parents[3]
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
PATIENCE = 60.0


def eventually(holds: Callable[[], bool], within: float = PATIENCE) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


class Shop:
    """A checkout's shop with an instance folder and a port of its own."""

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environment = dict(os.environ, INSTANCE_DIR=str(instance), PORT=str(self.port), WEB_WORKERS="1")
        self.output = instance.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def open(self) -> subprocess.Popen[bytes]:
        """Start it and wait until it says that it is open."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*FLASK, "up", "--no-demo"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        process = self.process
        assert eventually(lambda: "is open" in self.said() or process.poll() is not None), self.said()
        assert process.poll() is None, self.said()
        return process

    def said(self) -> str:
        """What it printed so far."""
        return self.output.read_text()

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the same shop."""
        return subprocess.run(
            [*FLASK, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE
        )

    def answers(self) -> bool:
        """Whether the web server answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=5) as response:
                return bool(response.status == HTTPStatus.OK)
        except (URLError, OSError):
            return False

    def processes(self) -> list[psutil.Process]:
        """Every living process of this shop, by its environment or what it works on."""
        found = []
        for candidate in psutil.process_iter():
            try:
                mine = candidate.environ().get("INSTANCE_DIR") == str(self.instance)
                mine = mine or str(self.instance) in " ".join([candidate.cwd(), *candidate.cmdline()])
                if mine and candidate.status() != psutil.STATUS_ZOMBIE:
                    found.append(candidate)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for the first test; for those that follow, a shop that was open before: it opens sooner."""
    return tmp_path_factory.mktemp("shop")


@pytest.fixture
def shop(instance: Path) -> Iterator[Shop]:
    made = Shop(instance)
    yield made
    for left in made.processes():
        left.kill()
    if made.process is not None:
        made.process.wait(timeout=10)


def test_from_nothing_to_open_and_back_to_nothing(shop: Shop) -> None:
    assert [*shop.instance.iterdir()] == [], "the first of this module"
    process = shop.open()
    assert shop.answers()
    assert re.search(r"staff@\S+ +password \S{12,}", shop.said())
    postmaster = (shop.instance / "postgres" / "data" / "postmaster.pid").read_text()

    beside = shop.flask("users", "list", "--staff")
    assert beside.returncode == 0, beside.stderr
    assert beside.stdout.startswith("staff@")
    assert (shop.instance / "postgres" / "data" / "postmaster.pid").read_text() == postmaster

    second = shop.flask("up", "--no-demo")
    assert second.returncode == 1
    assert f"runs already (process {process.pid}" in second.stderr

    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert time.monotonic() - begun < 15
    assert shop.processes() == []

    alone = shop.flask("users", "list", "--staff")
    assert alone.stdout.startswith("staff@")
    assert shop.processes() == []


def test_a_program_that_dies_and_a_server_that_dies_come_back(shop: Shop) -> None:
    process = shop.open()
    web = next(
        child for child in psutil.Process(process.pid).children() if "gunicorn" in " ".join(child.cmdline())
    )
    web.kill()
    assert eventually(lambda: "The web server ended (-9) and starts again in 1 s" in shop.said())
    assert eventually(shop.answers)

    # As long as it cannot be started, the shop sells without it.
    manifest = shop.instance / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    intact = manifest.read_text()
    manifest.write_text("nonsense")
    valkey = next(each for each in shop.processes() if each.name().startswith("valkey"))
    valkey.kill()
    assert eventually(lambda: "A server had stopped. Valkey did not start" in shop.said())
    assert process.poll() is None, shop.said()
    assert shop.answers()
    manifest.write_text(intact)

    def redis_is_back() -> bool:
        with urlopen(f"http://127.0.0.1:{shop.port}/health/ready", timeout=5) as response:
            return bool(json.load(response)["redis"] == "ok")

    assert eventually(redis_is_back)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    assert shop.processes() == []


def test_nothing_outlives_a_supervisor_killed_with_kill_9(shop: Shop) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells children that their parent died")
    process = shop.open()
    process.kill()
    process.wait(timeout=10)
    assert eventually(lambda: shop.processes() == [], within=30), shop.processes()


def test_a_taken_port_is_said_in_one_sentence(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        shop.environment["PORT"] = str(taken.getsockname()[1])
        refused = shop.flask("up", "--no-demo")
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines()[-1] == (
        f"Error: Port {shop.environment['PORT']} on 127.0.0.1 cannot be used (Address already in use):"
        " stop what listens there, or set PORT to another number."
    )
    assert shop.processes() == []
