"""A folder for one pair of servers, and separate processes that use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from storefront.core import embedded

ROOT = Path(__file__).parents[3]
_PROGRAM = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from storefront.core import embedded
print(json.dumps(asdict(embedded.attach(Path(sys.argv[1])))), flush=True)
sys.stdin.read()
"""


class User:
    """A process that attaches to the servers and stays until it is told to go."""

    def __init__(self, instance: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(instance)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        self._services: embedded.Services | None = None

    @property
    def services(self) -> embedded.Services:
        """What ``attach`` answered; waits for it."""
        if self._services is None:
            assert self.process.stdout is not None
            self._services = embedded.Services(**json.loads(self.process.stdout.readline()))
        return self._services

    def go(self) -> None:
        """End the orderly way."""
        self.process.communicate(timeout=30)

    def send(self, number: int) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


def servers_of(instance: Path) -> list[psutil.Process]:
    """Every process that works in the folder or names it, users and tests aside."""
    found = []
    for candidate in psutil.process_iter():
        try:
            names = candidate.name().startswith(("postgres", "valkey"))
            mentions = str(instance) in " ".join([candidate.cwd(), *candidate.cmdline()])
            if names and mentions and candidate.status() != psutil.STATUS_ZOMBIE:
                found.append(candidate)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Path]:
    """An instance folder; what still runs for it afterwards is stopped."""
    folder = tmp_path / "instance"
    yield folder
    if folder.exists():
        embedded.stop(folder)


@pytest.fixture
def user() -> Iterator[Callable[[Path], User]]:
    """Starts user processes; those that a test leaves are ended."""
    users: list[User] = []

    def start(instance: Path) -> User:
        users.append(User(instance))
        return users[-1]

    yield start
    for left in users:
        if left.process.poll() is None:
            left.go()
