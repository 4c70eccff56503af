"""``flask search``: what the search page would find, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TextIO

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from storefront.providers.embedding_choice import embed_in_this_process
from storefront.search.queries import RankedProduct, ranked_products


@click.command("search")
@click.argument("query", required=False)
@click.option(
    "--queries",
    type=click.File(encoding="utf-8", errors="replace"),
    help="A file with one query a line; - reads what is piped in.",
)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 1_000), help="How many products."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='Print [{"sku", "name", "score"}]; of a file, one {"query", "products"} a line.',
)
@click.option("--text-only", is_flag=True, help="Compare words only, not meanings.")
@with_appcontext
def search(query: str | None, queries: TextIO | None, limit: int, as_json: bool, text_only: bool) -> None:
    """Print the products that the search page finds for QUERY, ranked as it ranks them."""
    if (query is None) == (queries is None):
        raise click.UsageError("Give either a QUERY or a file of --queries.")
    by_meaning = not text_only and embed_in_this_process() is not None
    if queries is None:
        assert query is not None
        _print(ranked_products(query, limit, by_meaning=by_meaning), as_json)
        return
    for one in _lines(queries):
        products = ranked_products(one, limit, by_meaning=by_meaning)
        if as_json:
            click.echo(json.dumps({"query": one, "products": _rows(products)}, ensure_ascii=False))
        else:
            click.secho(one, bold=True)
            _print(products, as_json)


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\r\n") for line in lines if line.strip())


def _print(products: list[RankedProduct], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_rows(products), ensure_ascii=False))
    elif products:
        Console().print(_table(products))
    else:
        click.echo("Nothing found.")


def _rows(products: list[RankedProduct]) -> list[dict[str, object]]:
    return [{"sku": one.sku, "name": one.name, "score": one.score} for one in products]


def _table(products: list[RankedProduct]) -> Table:
    table = Table("", "SKU", "Name", "Price", "Score", box=None, header_style="bold")
    for place, one in enumerate(products, start=1):
        price = f"{one.card.price_from} {one.card.currency}"
        table.add_row(str(place), one.sku, one.name, price, f"{one.score:.3f}")
    return table
