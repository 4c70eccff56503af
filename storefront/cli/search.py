"""``flask search``: what the search page would find, for people and for programs."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from storefront.search.queries import RankedProduct, ranked_products


@click.command("search")
@click.argument("query")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 1_000), help="How many products."
)
@click.option("--json", "as_json", is_flag=True, help='Print [{"sku", "name", "score"}].')
@with_appcontext
def search(query: str, limit: int, as_json: bool) -> None:
    """Print the products that the search page finds for QUERY, ranked as it ranks them."""
    products = ranked_products(query, limit)
    if as_json:
        rows = [{"sku": one.sku, "name": one.name, "score": one.score} for one in products]
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif products:
        Console().print(_table(products))
    else:
        click.echo("Nothing found.")


def _table(products: list[RankedProduct]) -> Table:
    table = Table("", "SKU", "Name", "Price", "Score", box=None, header_style="bold")
    for place, one in enumerate(products, start=1):
        price = f"{one.card.price_from} {one.card.currency}"
        table.add_row(str(place), one.sku, one.name, price, f"{one.score:.3f}")
    return table
