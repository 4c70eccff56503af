"""``make chaos``: the long form. Prints what docs/reliability.md shows; ends with 1 when anything is wrong."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from storefront.core.settings import Settings
from tests.chaos.killing import ROLES
from tests.chaos.torment import Plan, Result, torment


def table(plan: Plan, result: Result) -> Iterator[str]:
    """The figures as Markdown."""
    yield (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, seed {plan.seed}, {os.cpu_count()} processors: {len(result.kills)}"
        f" kills in {result.seconds / 60:.0f} minutes under {plan.buyers} buyers at a time;"
        f" {result.settled_after:.0f} s later the jobs had nothing left to do."
    )
    yield "\n| killed | times | back after, median s | worst s |\n|---|---:|---:|---:|"
    for role in ROLES:
        times = [kill.recovered_after for kill in result.kills if kill.role == role]
        back = [one for one in times if one is not None]
        middle, worst = (f"{statistics.median(back):.1f}", f"{max(back):.1f}") if back else ("", "never")
        yield f"| {role} | {len(times)} | {middle} | {worst if len(back) == len(times) else 'never'} |"
    yield "\n| | |\n|---|---:|"
    for name, count in result.findings.counts.items():
        yield f"| {name} | {count:,} |"
    yield f"| requests | {result.tally.requests:,} |"
    for name, count in sorted(result.tally.failures.items()):
        yield f"| of these failed: {name} | {count:,} |"
    yield f"| differences found afterwards | {len(result.findings.wrong)} |"


def main() -> None:
    """Read the command line, torment, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=210)
    parser.add_argument("--buyers", type=int, default=8)
    parser.add_argument("--every", type=float, default=2.5, help="seconds between kills, on average")
    parser.add_argument("--patience", type=float, default=900.0, help="seconds for the jobs afterwards")
    parser.add_argument("--keep", type=Path, help="keep the shop's folder here, with its logs")
    given = parser.parse_args()
    # What the machine is set to must not reach the shop.
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    plan = Plan(given.seed, given.kills, given.buyers, given.every, given.patience)
    result = torment(plan, given.keep)
    for line in table(plan, result):
        click.echo(line)
    lost = [kill.role for kill in result.kills if kill.recovered_after is None]
    wrong = [*result.findings.wrong, *(f"did not come back: {role}" for role in lost)]
    if result.verified[0]:
        wrong.append(result.verified[1])
    for one in wrong:
        click.echo(f"WRONG {one}", err=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
