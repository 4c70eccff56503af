"""How long from `make run` to the first page.

    python benchmarks/start_time.py [--from-nothing]

Warm: this checkout, an instance that has been seeded. From nothing: a fresh clone in an empty folder, nothing
installed, packages in the local caches of pip and npm.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 600.0


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class RunningShop:
    """A shop that answers at ``url``; ``seconds`` passed until its home page was there."""

    url: str
    seconds: float


@contextmanager
def running_shop(checkout: Path, instance: Path) -> Iterator[RunningShop]:
    """`make run` in ``checkout`` with its data in ``instance``, for the length of the block."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "INSTANCE_DIR": str(instance)}
    started = time.monotonic()
    shop = subprocess.Popen(
        ["make", "run"],
        cwd=checkout,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        while not answers(url):
            if shop.poll() is not None:
                raise SystemExit(f"make run ended with {shop.returncode}")
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise SystemExit("no page came")
            time.sleep(0.05)
        yield RunningShop(url, time.monotonic() - started)
    finally:
        os.killpg(shop.pid, signal.SIGTERM)
        shop.wait(60)


def answers(url: str) -> bool:
    """Whether the home page is there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            answer.read()
    except (urllib.error.URLError, OSError):
        return False
    return True


def seconds_to_first_page(checkout: Path, instance: Path) -> float:
    """Seconds from `make run` to the home page."""
    with running_shop(checkout, instance) as shop:
        return shop.seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-nothing", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        instance = Path(folder) / "instance"
        first = seconds_to_first_page(ROOT, instance)
        warm = [seconds_to_first_page(ROOT, instance) for _ in range(3)]
        print(f"empty instance (seeds the demo)   {first:6.1f} s")
        print(f"warm, median of three             {statistics.median(warm):6.1f} s")
        if arguments.from_nothing:
            clone = Path(folder) / "clone"
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
            print(
                f"from nothing (fresh clone)        {seconds_to_first_page(clone, clone / 'instance'):6.1f} s"
            )


if __name__ == "__main__":
    main()
