"""``flask embedder`` holds the embedding model for all processes of the shop."""

from __future__ import annotations

import ctypes
import signal
from contextlib import suppress

import click
from flask.cli import with_appcontext

from storefront.core.settings import current_settings
from storefront.providers.embedding_choice import embedder_address

_ARENAS = -8  # glibc's M_ARENA_MAX


@click.command("embedder")
@with_appcontext
def embedder() -> None:
    """Answer questions for vectors on the embedder's socket, until stopped. One process for the whole shop."""
    from storefront.providers.embedder import serve
    from storefront.providers.minilm import MiniLM

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit(0)

    _share_memory_between_threads()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    address = embedder_address(current_settings())
    try:
        serve(address, MiniLM())
    except OSError as problem:
        raise click.ClickException(
            f"The socket {address} cannot be used ({problem}): set EMBEDDER_SOCKET to a path of at most 100 characters"
            " in a folder you may write to."
        ) from None


def _share_memory_between_threads() -> None:
    """Each connection has a thread, and only one of them works: glibc would keep memory for each."""
    with suppress(OSError, AttributeError):  # another C library has no such function
        ctypes.CDLL(None).mallopt(_ARENAS, 1)
