"""``flask search reindex`` and ``check``: the index that a search server keeps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storefront.core.settings import current_settings
from storefront.providers.search_server import SearchServer, SearchServerFailure
from storefront.search.elastic import upkeep
from storefront.search.elastic.upkeep import IndexIncomplete


@click.command("reindex")
@with_appcontext
def reindex() -> None:
    """Make the search server's index anew; the old one answers until the new one is whole.

    With SEARCH_BACKEND=postgresql: no longer note the changes that such an index would need.
    """
    if not _has_server():
        upkeep.follow(False)
        click.echo("PostgreSQL keeps its own index. Changes are not noted for another one.")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _said_plainly(), Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Products", total=None)
        index = upkeep.rebuild(
            _server(),
            current_settings().elasticsearch_index,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo(f"{index} is in place.")


@click.command("check")
@with_appcontext
def check() -> None:
    """Compare the search server's index with the catalog; the exit code is 1 where they differ."""
    if not _has_server():
        click.echo("PostgreSQL keeps its own index: nothing to compare.")
        return
    with _said_plainly():
        found = upkeep.compare(_server(), current_settings().elasticsearch_index)
    click.echo(f"products  {found.products} listed, {found.documents} in the index")
    click.echo(f"vectors   {found.vectors} in PostgreSQL, {found.document_vectors} in the index")
    click.echo(f"changes   {found.waiting_changes} waiting")
    if not found.is_followed:
        click.echo("Changes are not noted: run `flask search reindex`.", err=True)
    elif not found.agrees:
        click.echo("They differ: run `flask search reindex`.", err=True)
    sys.exit(0 if found.agrees else 1)


def _has_server() -> bool:
    return current_settings().search_backend == "elasticsearch"


def _server() -> SearchServer:
    # Imported when chosen, as everywhere: the client is optional.
    from storefront.providers.elasticsearch_client import search_server

    return search_server()


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except SearchServerFailure as failure:
        if failure.code == "not_found":
            raise click.ClickException("There is no index yet: run `flask search reindex`.") from None
        raise click.ClickException(f"The search server failed: {failure}") from None
    except IndexIncomplete as incomplete:
        lines = [f"The search server refused {incomplete.refused} products; the old index stays."]
        raise click.ClickException("\n".join([*lines, *incomplete.reasons])) from None
