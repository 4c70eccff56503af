"""``flask orders``: take over another shop's books, report taxes."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storefront.core.settings import current_settings
from storefront.http.tax_tables import documents_csv, tax_report_csv
from storefront.invoicing.report import Period
from storefront.journeys.orders_import import (
    Books,
    BooksReport,
    BooksUnreadable,
    ImportRunning,
    import_books,
)
from storefront.journeys.orders_import.running import AVAILABLE_UNITS

orders = AppGroup("orders", help="Orders: take over another shop's books, report taxes.")
_SHOWN_REFUSALS = 10
_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@orders.command("import")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--products", type=_FILE, help="Products with their variants, instead of FOLDER/products.json.")
@click.option("--users", type=_FILE, help="Customers with how they pay, instead of FOLDER/users.json.")
@click.option("--orders", "orders_file", type=_FILE, help="Orders, instead of FOLDER/orders.json.")
@click.option(
    "--available-units",
    type=click.IntRange(1, 1_000_000),
    default=AVAILABLE_UNITS,
    show_default=True,
    help="The stock of a variant that the books call available.",
)
@click.option("--dry-run", is_flag=True, help="Do it all, say what happened, and take it back.")
def import_(
    folder: Path | None,
    products: Path | None,
    users: Path | None,
    orders_file: Path | None,
    available_units: int,
    dry_run: bool,
) -> None:
    """Import another shop's products, customers and orders from FOLDER, under their outside ids (docs/import.md)."""
    there = Books.in_folder(folder) if folder else Books()
    books = Books(products or there.products, users or there.users, orders_file or there.orders)
    if books == Books():
        raise click.UsageError(
            "Give a folder with products.json, users.json or orders.json, or name the files."
        )
    try:
        report = _run(books, available_units, dry_run)
    except BooksUnreadable as error:
        raise click.ClickException(str(error)) from None
    except ImportRunning:
        raise click.ClickException("Another import is running; wait until it is done.") from None
    _print(report)
    sys.exit(1 if report.refused else 0)


@orders.command("tax-report")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, as 2026-01-01.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day, included.")
@click.option("--documents", is_flag=True, help="A row for each document and rate, instead of the sums.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the terminal."
)
def tax_report(first: datetime, last: datetime, documents: bool, output: Path | None) -> None:
    """Print what was invoiced and credited between two days, as CSV: by country, region and rate."""
    if last < first:
        raise click.BadParameter("is before the first day", param_hint="--to")
    period = Period(first.date(), last.date())
    text = documents_csv(period) if documents else tax_report_csv(period)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="")


def _run(books: Books, available_units: int, dry_run: bool) -> BooksReport:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {}

        def tell(kind: str, done: int, whole: int) -> None:
            if kind not in tasks:
                tasks[kind] = bar.add_task(kind.capitalize(), total=whole)
            bar.update(tasks[kind], completed=done)

        return import_books(
            books,
            available_units=available_units,
            errors_folder=current_settings().instance_dir / "imports",
            is_dry_run=dry_run,
            progress=tell,
        )


def _print(report: BooksReport) -> None:
    would = "would be " if report.is_dry_run else ""
    for kind, count in report.counts.items():
        click.echo(
            f"{kind}: {count.created} {would}created, {count.updated} {would}updated, {count.unchanged} unchanged,"
            f" {count.refused} refused"
        )
    for one in report.refusals[:_SHOWN_REFUSALS]:
        click.echo(
            f"{one.kind} {one.key} {'warning' if one.is_warning else 'refused'}: {one.reason}", err=True
        )
    if len(report.refusals) > _SHOWN_REFUSALS:
        click.echo(f"... and {len(report.refusals) - _SHOWN_REFUSALS} more", err=True)
    if report.error_file:
        click.echo(f"All of them: {report.error_file}", err=True)
