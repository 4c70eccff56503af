"""Which web server carries the shop best: gunicorn's workers and granian, loaded in turns in one run.

    python benchmarks/web_server.py [--keep FOLDER] [--products 10000] [--rounds 2] [--seconds 2] [--only gthread]

Every server runs two worker processes on the same database. The pages are a listing and searches (made anew) and a
first line in a cart, at 8 and 32 connections; then the listing again while people talk to the assistant, each on an
open stream. What is not a dependency of the shop is left out unless it is installed (`pip install granian`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from harness.instances import BENCHMARKS, Instance, opened
from harness.load import Runs, Target, mean_size, run_load
from harness.pages import Row, rows
from harness.servers import PAGES_ANEW, our_server, proportional_memory

from storefront.cli.up import web_server
from storefront.core.settings import Settings

PAGES = ("listing", "search: mixed", "add to cart")
CONNECTIONS = (8, 32)
TALKING = 24
_TALK_FREELY = {"RATE_LIMIT_CHAT": "100000/minute", "RATE_LIMIT_CHAT_ADDRESS": "100000/minute"}

Command = Callable[[Settings, str], list[str]]


def gunicorn(kind: str, *, workers: int = 2, threads: int = 1) -> Command:
    """Gunicorn with this kind of worker, all else as the shop has it."""

    def command(settings: Settings, application: str) -> list[str]:
        usual = web_server(settings.model_copy(update={"web_workers": workers}), application)
        place = usual.index("--worker-class") + 1
        return [*usual[:place], kind, *usual[place + 1 :], "--threads", str(threads)]

    return command


def granian(*, threads: int) -> Command:
    """Granian's WSGI side, with so many threads in each of two processes."""

    def command(settings: Settings, application: str) -> list[str]:
        options = ["--interface", "wsgi", "--host", settings.host, "--port", str(settings.port)]
        options += ["--workers", "2", "--blocking-threads", str(threads), "--no-ws", "--log-level", "warning"]
        return [sys.executable, "-m", "granian", *options, application]

    return command


CONTENDERS: dict[str, tuple[str, Command]] = {
    "gunicorn sync, 2 workers": ("gunicorn", gunicorn("sync")),
    "gunicorn sync, 4 workers": ("gunicorn", gunicorn("sync", workers=4)),
    "gunicorn gthread, 2 × 2": ("gunicorn", gunicorn("gthread", threads=2)),
    "gunicorn gthread, 2 × 4": ("gunicorn", gunicorn("gthread", threads=4)),
    "gunicorn gthread, 2 × 8": ("gunicorn", gunicorn("gthread", threads=8)),
    "gunicorn gthread, 2 × 16": ("gunicorn", gunicorn("gthread", threads=16)),
    "gunicorn gevent, 2": ("gevent", gunicorn("gevent")),
    "granian, 2 × 1": ("granian", granian(threads=1)),
    "granian, 2 × 8": ("granian", granian(threads=8)),
}


def talking(target: Target, row: Row, duration: float, size: float) -> tuple[Runs, dict[str, int]]:
    """The page while people talk, and what they saw."""
    people = subprocess.Popen(
        [
            sys.executable,
            str(BENCHMARKS / "harness" / "talkers.py"),
            target.address,
            str(TALKING),
            str(duration + 12),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(4)  # by now they all wait for an answer
    seen = Runs([run_load(target, row.ours, 8, duration, size, wait=False)])
    printed, _nothing = people.communicate(timeout=duration + 60)
    return seen, json.loads(printed)


def measure(instance: Instance, names: Sequence[str], rounds: int, duration: float) -> None:
    """Load all contenders in turns and print a line for each."""
    wanted = [row for row in rows(instance) if row.name in PAGES]
    results: dict[tuple[str, str, int], Runs] = {}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(our_server(instance, PAGES_ANEW | _TALK_FREELY, CONTENDERS[name][1]))
            for name in names
        }
        for row in wanted:
            sizes = {name: mean_size(target, row.ours).whole for name, target in servers.items()}
            for target in servers.values():
                run_load(target, row.ours, 8, 1, sizes[names[0]])
            for connections in CONNECTIONS:
                for number in range(rounds):
                    for name in names if number % 2 else reversed(names):
                        run = run_load(servers[name], row.ours, connections, duration, sizes[name])
                        results.setdefault((name, row.name, connections), Runs()).all.append(run)
        listing = wanted[0]
        print_heads()
        for name, target in servers.items():
            cells = [name]
            for row in wanted:
                for connections in CONNECTIONS:
                    seen = results[name, row.name, connections]
                    wrong = f" ({seen.errors} wrong)" if seen.errors else ""
                    cells.append(
                        f"{seen.median('per_second'):,.0f}; {seen.median('processor'):.2f};"
                        f" {seen.median('p95'):.0f}{wrong}"
                    )
            size = mean_size(target, listing.ours).whole
            page, people = talking(target, listing, duration, size)
            cells.append(
                f"{page.median('per_second'):,.0f}; {page.median('p95'):.0f}; {people['answers']} answers"
                + (f", {people['errors']} failed" if people["errors"] else "")
            )
            memory = sum(size for _name, size in proportional_memory(target.families[0]))
            cells.append(f"{memory / 1e6:,.0f}")
            print("| " + " | ".join(cells) + " |", flush=True)


def print_heads() -> None:
    """The table's first lines."""
    heads = ["web server", *(f"{page}, {number}" for page in PAGES for number in CONNECTIONS)]
    heads += [f"listing, 8, beside {TALKING} talks", "PSS, MB"]
    print(
        "Requests a second; processor ms per request; p95 in ms. Beside talks: requests a second; p95; answers.\n"
    )
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)


def main() -> None:
    """Read the command line, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="where the filled shop is kept for the next time")
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", nargs="+", default=[], help="servers whose names hold one of these")
    given = parser.parse_args()
    names = [
        name
        for name, (package, _command) in CONTENDERS.items()
        if find_spec(package) and (not given.only or any(one in name for one in given.only))
    ]
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="web-server-")))
        with opened((folder / str(given.products)).absolute(), given.products) as instance:
            measure(instance, names, given.rounds, given.seconds)


if __name__ == "__main__":
    main()
