"""``flask embedder`` holds the embedding model for all processes of the shop."""

from __future__ import annotations

import signal

import click
from flask.cli import with_appcontext

from storefront.core.settings import current_settings
from storefront.providers.embedding_choice import embedder_address


@click.command("embedder")
@with_appcontext
def embedder() -> None:
    """Answer questions for vectors on the embedder's socket, until stopped. One process for the whole shop."""
    from storefront.providers.embedder import serve
    from storefront.providers.minilm import MiniLM

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    serve(embedder_address(current_settings()), MiniLM())
