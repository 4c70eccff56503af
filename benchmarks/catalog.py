"""Fill an empty shop with a generated catalog of any size.

    python benchmarks/catalog.py [--products 1000000] [--instance FOLDER]

200 categories on three levels, 100 brands, names and descriptions of made-up words drawn as in a language, with
specifications, prices, stock, reviews. The same catalog every time; a smaller one is the beginning of a bigger one.
The shop on it: ``make run INSTANCE_DIR=FOLDER``. Without a folder it only says how long it took.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """The task's speed, once there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


class Steps:
    """One line for each step: what, how far, how fast, how long yet."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def tell(self, step: str, done: int, whole: int) -> None:
        """Step ``step`` is at ``done`` of ``whole``."""
        if step not in self._tasks:
            self._tasks[step] = self._bar.add_task(step.capitalize())
        self._bar.update(self._tasks[step], completed=done, total=whole)


def fill(instance: Path, count: int) -> float:
    """Fill the empty shop in ``instance`` with ``count`` products; returns the seconds that it took."""
    os.environ["INSTANCE_DIR"] = str(instance)
    from harness.loading import NotEmpty, load_catalog

    from storefront import create_app

    begun = time.monotonic()
    columns = (
        TextColumn("{task.description:<26}"),
        BarColumn(30),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with create_app().app_context(), Progress(*columns, console=Console(stderr=True)) as bar:
        try:
            load_catalog(count, Steps(bar).tell)
        except NotEmpty:
            raise SystemExit(f"{instance} holds products already: name an empty folder.") from None
    return time.monotonic() - begun


def main() -> None:
    """Read the command line and fill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=10_000, help="how many; 10,000 unless told")
    parser.add_argument(
        "--instance", type=Path, help="the INSTANCE_DIR to fill; one for the moment unless told"
    )
    arguments = parser.parse_args()
    with ExitStack() as stack:
        instance = arguments.instance or Path(stack.enter_context(TemporaryDirectory(prefix="catalog-")))
        seconds = fill(instance.absolute(), arguments.products)
        print(f"{arguments.products:,} products loaded in {seconds:.0f} s")
        if not arguments.instance:
            from storefront.core import embedded

            embedded.leave(instance.absolute())


if __name__ == "__main__":
    sys.exit(main())
