"""``flask catalog``: import a feed."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from storefront.cli.embeddings import fill_with_progress
from storefront.core.settings import current_settings
from storefront.journeys.catalog_import import (
    FeedUnreadable,
    ImportReport,
    ImportRunning,
    Mapping,
    MappingInvalid,
    PictureFolder,
    import_catalog,
)
from storefront.providers.embeddings import EmbeddingFailure
from storefront.providers.object_storage import storage
from storefront.providers.vector_store import VectorStoreFailure
from storefront.search.errors import RebuildRunning

catalog = AppGroup("catalog", help="The catalog: import products.")
_SHOWN_REFUSALS = 10


@catalog.command("import")
@click.argument("feed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file that says which column is which (docs/import.md).",
)
@click.option(
    "--images", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of pictures."
)
@click.option("--dry-run", is_flag=True, help="Check every row and say what would happen; write nothing.")
@click.option("--no-vectors", is_flag=True, help="Leave the products' vectors to the jobs.")
def import_(feed: Path, mapping_file: Path, images: Path | None, dry_run: bool, no_vectors: bool) -> None:
    """Import FEED (.csv or .jsonl, gzipped too): products by SKU, new ones and changed ones."""
    console = Console(stderr=True)
    try:
        mapping = Mapping.load(mapping_file)
        report = _run(console, feed, mapping, images, dry_run)
    except (MappingInvalid, FeedUnreadable) as error:
        raise click.ClickException(str(error)) from None
    except ImportRunning:
        raise click.ClickException("Another import is running; wait until it is done.") from None
    _print(report)
    if not dry_run and not no_vectors:
        _make_vectors()
    sys.exit(1 if report.refused else 0)


def _run(console: Console, feed: Path, mapping: Mapping, images: Path | None, dry_run: bool) -> ImportReport:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(f"Reading {feed.name}", total=feed.stat().st_size)
        report = import_catalog(
            feed,
            mapping,
            images=PictureFolder(images, storage()) if images else None,
            errors_folder=current_settings().instance_dir / "imports",
            is_dry_run=dry_run,
            progress=lambda done: bar.update(task, completed=done),
        )
        bar.update(task, completed=feed.stat().st_size)
    return report


def _make_vectors() -> None:
    """So that search knows the meanings at once. Whatever comes between is no failure of the import."""
    try:
        made = fill_with_progress()
    except KeyboardInterrupt:
        click.echo("Broken off; the jobs make the vectors that are missing.", err=True)
    except (EmbeddingFailure, VectorStoreFailure, RebuildRunning) as failure:
        why = str(failure) or type(failure).__name__
        click.echo(f"The jobs make the vectors that are missing ({why}).", err=True)
    else:
        if made:
            click.echo(f"{made} vectors made.", err=True)


def _print(report: ImportReport) -> None:
    would = "would be " if report.is_dry_run else ""
    click.echo(
        f"{report.created} {would}created, {report.updated} {would}updated, {report.unchanged} unchanged,"
        f" {report.refused} refused"
    )
    for refusal in report.refusals[:_SHOWN_REFUSALS]:
        kind = "warning" if refusal.is_warning else "refused"
        click.echo(f"line {refusal.line} {kind}: {refusal.sku or '(no SKU)'}: {refusal.reason}", err=True)
    if len(report.refusals) > _SHOWN_REFUSALS:
        click.echo(f"... and {len(report.refusals) - _SHOWN_REFUSALS} more", err=True)
    if report.error_file:
        click.echo(f"All of them: {report.error_file}", err=True)
