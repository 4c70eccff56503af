"""``flask embeddings``: the vectors that products lack, now and with a progress bar."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storefront.providers.embedding_choice import embed_in_this_process
from storefront.search.services import fill_vectors, forget_vectors, stale_vectors


@click.command("embeddings")
@click.option("--again", is_flag=True, help="Make all of them anew, as another model needs it.")
@with_appcontext
def embeddings(again: bool) -> None:
    """Make the vectors that products lack, now and with a progress bar. Jobs do the same in the background."""
    if again:
        forget_vectors()
    made = fill_with_progress()
    click.echo(f"{made} vectors made.")


def fill_with_progress() -> int:
    """Make the missing vectors with a bar on standard error; returns how many. None without a model."""
    model = embed_in_this_process()
    missing = stale_vectors()
    if model is None or not missing:
        return 0
    columns = (TextColumn("Vectors"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=missing)
        return fill_vectors(model, lambda done: bar.update(task, completed=done))
