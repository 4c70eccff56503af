"""How much memory two web workers take once every page has been asked for; the embedder beside them.

    python benchmarks/memory.py [--keep FOLDER] [--products 10000]

Proportional set size (what processes share counts once) of the workers with their parent, before the first page and
after some thousand pages of every kind at 8 connections.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from harness.instances import Instance, opened
from harness.load import Request, Target, mean_size, run_load
from harness.pages import rows
from harness.processor import family_of
from harness.servers import AS_SET_UP, PAGES_ANEW, bare_server, embedder, our_server, proportional_memory

AIM_MB = 200


def web_memory(target: Target) -> tuple[float, float]:
    """The workers' and their parent's share, in MB."""
    parent, *workers = [
        size / 1e6 for name, size in proportional_memory(target.families[0]) if "py" in name or "gun" in name
    ]
    return sum(workers), parent


def as_a_browser(request: Request) -> Request:
    """The request as browsers send it: they take compressed pages, which is what a process keeps."""
    return replace(request, headers=(*request.headers, ("Accept-Encoding", "br, gzip")), holds="")


def measure(instance: Instance) -> None:
    """Print the table."""
    print("| processes | before, MB | after, MB |\n|---|---:|---:|")
    for name, environment in (("pages made anew", PAGES_ANEW), ("as set up", AS_SET_UP)):
        with embedder(instance) as model, our_server(instance, environment) as target:
            before, _parent = web_memory(target)
            for row in rows(instance):
                asked = [as_a_browser(one) for one in row.ours]
                run_load(target, asked, 8, 2, mean_size(target, asked).whole)
            after, parent = web_memory(target)
            print(f"| two web workers, {name} (aim: {AIM_MB}) | {before:.0f} | {after:.0f} |")
            print(f"| their parent, {name} | | {parent:.0f} |")
            held = sum(size for _name, size in proportional_memory(family_of(model)))
            print(f"| the embedder, {name} | | {held / 1e6:.0f} |", flush=True)
    with bare_server(instance) as target:
        before, _parent = web_memory(target)
        for row in rows(instance):
            run_load(target, row.bare, 8, 2, mean_size(target, row.bare).whole)
        print(f"| two web workers, the bare page | {before:.0f} | {web_memory(target)[0]:.0f} |")


def main() -> None:
    """Read the command line, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="where the filled shop is kept for the next time")
    parser.add_argument("--products", type=int, default=10_000)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="memory-")))
        with opened((folder / str(given.products)).absolute(), given.products) as instance:
            measure(instance)


if __name__ == "__main__":
    main()
