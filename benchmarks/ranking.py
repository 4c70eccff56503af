"""How well the search ranks: nDCG@10 against the judged queries, as typed and with one typing mistake in each.

python benchmarks/ranking.py [--instance FOLDER] [--text-only]

Imports the electronics into a fresh instance (or takes the one in FOLDER, with its vectors), asks ``flask search``
for the first 300 products of each query, drops those that nobody judged for it, and takes the top ten. Queries
without a relevant product are left out. The gain of a grade g is 2^g - 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import random
import string
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "electronics"
FLASK = [str(Path(sys.executable).with_name("python")), "-m", "flask", "--app", "wsgi"]
ASKED, TOP, LEAST_LETTERS = 300, 10, 5
TYPING_ROUNDS = 5

Judgements = Mapping[str, Mapping[str, int]]


def judgements(path: Path) -> dict[str, dict[str, int]]:
    """Query to product to grade (0 to 3), only queries with a relevant product."""
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            judged[row["query"]][row["product_id"]] = int(row["grade"])
    return {query: grades for query, grades in judged.items() if any(grades.values())}


def ndcg(found: Sequence[str], grades: Mapping[str, int], top: int = TOP) -> float:
    """Normalised discounted cumulative gain over the judged ones among the first 300 of ``found``, 0 to 1."""
    judged = [grades[sku] for sku in found[:ASKED] if sku in grades]
    return _gain(judged[:top]) / _gain(sorted(grades.values(), reverse=True)[:top])


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def mistyped(query: str, chance: random.Random) -> str:
    """``query`` with one letter inserted, left out, replaced or swapped with its neighbour; short ones as they are."""
    places = [place for place, letter in enumerate(query) if letter != " "]
    if len(places) < LEAST_LETTERS:
        return query
    place, letter = chance.choice(places), chance.choice(string.ascii_lowercase)
    match chance.choice(("insert", "leave out", "replace", "swap")):
        case "insert":
            return query[:place] + letter + query[place:]
        case "leave out":
            return query[:place] + query[place + 1 :]
        case "replace":
            return query[:place] + letter + query[place + 1 :]
        case _:
            place = min(place, len(query) - 2)
            return query[:place] + query[place + 1] + query[place] + query[place + 2 :]


def answers(
    queries: Sequence[str], environment: Mapping[str, str], options: Sequence[str]
) -> list[list[str]]:
    """The SKUs that ``flask search`` finds for each query, best first."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as asked:
        asked.write("\n".join(queries) + "\n")
        asked.flush()
        printed = subprocess.run(
            [*FLASK, "search", "--queries", asked.name, "--limit", str(ASKED), "--json", *options],
            cwd=ROOT,
            env=dict(environment),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
    return [[product["sku"] for product in json.loads(line)["products"]] for line in printed.splitlines()]


def measure(judged: Judgements, environment: Mapping[str, str], options: Sequence[str]) -> None:
    """Print the table."""
    queries = list(judged)
    typed = [
        ndcg(found, judged[query])
        for query, found in zip(queries, answers(queries, environment, options), strict=True)
    ]
    chance = random.Random(20261124)
    wrong: list[tuple[str, str]] = [
        (query, mistyped(query, chance)) for _ in range(TYPING_ROUNDS) for query in queries
    ]
    slipped: dict[str, list[float]] = defaultdict(list)
    for (query, _), found in zip(
        wrong, answers([one for _, one in wrong], environment, options), strict=True
    ):
        slipped[query].append(ndcg(found, judged[query]))
    means = [sum(slipped[query]) / TYPING_ROUNDS for query in queries]
    print("| query | as typed | with one mistake (mean of five) |\n|---|---|---|")
    for query, right, mean in zip(queries, typed, means, strict=True):
        print(f"| {query} | {right:.3f} | {mean:.3f} |")
    whole, whole_wrong = sum(typed) / len(typed), sum(means) / len(means)
    print(
        f"| **mean of {len(queries)}** | **{whole:.3f}** | **{whole_wrong:.3f}** (loses {whole - whole_wrong:.3f}) |"
    )


def main() -> None:
    """Prepare an instance and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", type=Path, help="an INSTANCE_DIR that holds the electronics")
    parser.add_argument("--text-only", action="store_true", help="without comparing by meaning")
    arguments = parser.parse_args()
    if not DATA.exists():
        print("the judged queries are not beside this checkout (../shared/data): nothing measured")
        return
    options = ["--text-only"] if arguments.text_only else []
    judged = judgements(DATA / "judgements.csv")
    with tempfile.TemporaryDirectory(prefix="ranking-") as folder:
        environment = {**os.environ, "INSTANCE_DIR": str(arguments.instance or folder)}
        if arguments.instance is None:
            mapping = "docs/import/electronics.toml"
            for command in (
                ["db", "upgrade"],
                ["catalog", "import", str(DATA / "products.jsonl.gz"), "--mapping", mapping],
            ):
                subprocess.run([*FLASK, *command], cwd=ROOT, env=environment, check=True)
        measure(judged, environment, options)


if __name__ == "__main__":
    main()
