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
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 600.0


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_first_page(checkout: Path, instance: Path) -> float:
    """Start the shop, wait for its home page, stop it; returns the seconds until the page was there."""
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
        while time.monotonic() - started < PATIENCE_SECONDS:
            if shop.poll() is not None:
                raise SystemExit(f"make run ended with {shop.returncode}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    answer.read()
                return time.monotonic() - started
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise SystemExit("no page came")
    finally:
        os.killpg(shop.pid, signal.SIGTERM)
        shop.wait(60)


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
