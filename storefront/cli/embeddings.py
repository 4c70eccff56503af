"""``flask embeddings``: the vectors that products lack, now and with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storefront.core.settings import current_settings
from storefront.providers.embedding_choice import embed_in_this_process
from storefront.providers.embeddings import EmbeddingFailure
from storefront.providers.vector_store import VectorStoreFailure
from storefront.search.errors import RebuildRunning
from storefront.search.services import fill_vectors, forget_vectors, listed_products, stale_vectors
from storefront.search.services.vector_index import (
    build_vector_index,
    count_vectors_anew,
    is_worth_dropping,
    vector_index_is_there,
    without_vector_index,
)

Tell = Callable[[str, int, int], None]


@click.command("embeddings")
@click.option("--again", is_flag=True, help="Make all of them anew, as another model or store needs it.")
@with_appcontext
def embeddings(again: bool) -> None:
    """Make the vectors that products lack, now and with a progress bar. Jobs do the same in the background."""
    try:
        made = fill_with_progress(again=again)
    except (EmbeddingFailure, VectorStoreFailure) as failure:
        raise click.ClickException(f"{failure}: what was made before stays; run it again.") from None
    except RebuildRunning:
        raise click.ClickException("The search's table is being rebuilt; run it again afterwards.") from None
    click.echo(f"{made} vectors made.")


def fill_with_progress(*, again: bool = False) -> int:
    """Make the missing vectors, or all ``again``, with a bar on standard error; returns how many. None without a model.

    For very many the index is dropped meanwhile; what an attempt that was killed has left is mended. Raises
    :class:`EmbeddingFailure`, :class:`VectorStoreFailure` and :class:`RebuildRunning`.
    """
    model = embed_in_this_process()
    if model is None:
        return 0
    missing, made = listed_products() if again else stale_vectors(), 0
    with _bars() as tell:
        if missing:
            with _index_aside(missing, tell):
                if again:
                    forget_vectors()
                made = fill_vectors(model, lambda done: tell("Vectors", done, missing))
        owner_url = _owner_url()
        if owner_url and not vector_index_is_there():
            build_vector_index(owner_url, lambda step: tell("Index", step.done, step.whole))
    if owner_url and made:
        count_vectors_anew(owner_url)
    return made


@contextmanager
def _index_aside(missing: int, tell: Tell) -> Iterator[None]:
    owner_url = _owner_url()
    aside = (
        without_vector_index(owner_url, lambda step: tell("Index", step.done, step.whole))
        if owner_url and is_worth_dropping(missing)
        else nullcontext()
    )
    with aside:
        yield


def _owner_url() -> str | None:
    """Whose login may drop and build pgvector's index; None where the vectors are kept elsewhere."""
    settings = current_settings()
    if settings.vector_backend != "pgvector" or settings.database_owner_url is None:
        return None
    return settings.database_owner_url.get_secret_value()


@contextmanager
def _bars() -> Iterator[Tell]:
    """Bars that appear with the first word of them."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {}

        def tell(what: str, done: int, whole: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=whole)
            progress.update(tasks[what], completed=done, total=max(done, whole))

        yield tell
