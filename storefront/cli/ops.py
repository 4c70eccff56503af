"""``flask ops``: is everything as it should be?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress

import click
import structlog
from flask.cli import AppGroup
from redis import RedisError
from rich.console import Console
from rich.table import Table

from storefront.core.cache import cache_store
from storefront.inventory.queries import stock_differences
from storefront.invoicing.verification import invoice_differences
from storefront.orders.refund_verification import owed_differences
from storefront.orders.verification import order_differences
from storefront.promotions.verification import promotion_differences
from storefront.returns.verification import return_differences

log = structlog.get_logger(__name__)
ops = AppGroup("ops", help="Keeping the shop: checks and care.")


@ops.command("verify")
def verify() -> None:
    """Do the books agree? Stock with its ledger and holds, orders with their lines, sales, refunds and returns, uses,
    gift cards, invoices. Money that is owed because its provider would not give it back is named, too.

    Prints a table of what does not, and ends with 1; with 0 when all of it does. Warns of a Redis that drops what must
    stay.
    """
    _warn_of_redis()
    differences = [
        *((one.sku, one.what, one.on_product, one.in_ledger) for one in stock_differences()),
        *((one.number, one.what, one.stored, one.computed) for one in order_differences()),
        *((one.number, one.what, one.stored, one.computed) for one in owed_differences()),
        *((one.number, one.what, one.stored, one.computed) for one in return_differences()),
        *((one.name, one.what, one.stored, one.computed) for one in promotion_differences()),
        *((one.name, one.what, one.stored, one.computed) for one in invoice_differences()),
    ]
    if not differences:
        click.echo(
            "Stock movements, holds, order totals, refunds, returns, promotions, gift cards and invoices all agree."
        )
        return
    Console().print(_table(differences))
    click.echo(f"Differences: {len(differences)}.", err=True)
    sys.exit(1)


def _warn_of_redis() -> None:
    """A Redis that is away is no difference in the books."""
    with suppress(RedisError):
        policy = cache_store().dropping_policy()
        if policy:
            log.warning("redis_may_drop_what_must_stay", maxmemory_policy=policy)
            click.echo(
                f"Warning: Redis has the maxmemory-policy {policy}. It may drop waiting jobs and searches, and what"
                " says that kept pages are out of date. Set it to volatile-lru, another volatile-* or noeviction.",
                err=True,
            )


def _table(differences: Iterable[tuple[object, ...]]) -> Table:
    table = Table("Product, order or promotion", "What", "Stored", "By its ledger or lines")
    for row in differences:
        table.add_row(*(str(cell) for cell in row))
    return table
