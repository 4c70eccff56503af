"""What texts mean, as vectors: near in direction, near in meaning.

Three ways to get them, of which :mod:`embedding_choice` takes one: the model that comes with the shop, asked through
a process of its own (:mod:`embedder`); a provider that speaks OpenAI's protocol; none, and search compares words only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Vector = tuple[float, ...]
"""``EMBEDDING_DIMENSIONS`` numbers, of length 1."""

LOCAL_MODEL = "all-MiniLM-L6-v2-int8"
"""The model that comes with the shop."""


class EmbeddingFailure(Exception):
    """No vectors could be had.

    ``code`` is one of unreachable, timeout, rate_limited, not_authorised, refused, server_error, cut_off, wrong_shape.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class EmbeddingModel(Protocol):
    """Something that turns texts into vectors."""

    name: str
    """Which model: vectors of two models do not compare."""

    def embed(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        """The vectors of ``texts``, in their order, within ``seconds``. Raises :class:`EmbeddingFailure`."""
