"""Embeddings from a provider that speaks OpenAI's protocol."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import assert_no_transaction
from storefront.providers.embeddings import EmbeddingFailure, Vector
from storefront.providers.openai_client import openai_code, openai_connection
from storefront.providers.resting import Rest


class OpenAICompatibleEmbeddings:
    """The endpoint ``/embeddings`` below ``base_url``, asked for vectors of the shop's length.

    After a failure it is left alone for some seconds.
    """

    def __init__(
        self, api_key: str, base_url: str | None, model: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = model
        self._client = openai_connection(api_key, base_url, 30.0)
        self._rest = Rest(clock)

    def embed(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        """See :meth:`EmbeddingModel.embed`. No transaction may be open."""
        assert_no_transaction()
        if not texts:
            return []
        if self._rest.is_on:
            raise EmbeddingFailure("unreachable")
        try:
            return self._ask(texts, seconds)
        except EmbeddingFailure:
            self._rest.begin()
            raise

    def _ask(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        create: Any = self._client.embeddings.create
        try:
            answer = create(
                model=self.name,
                input=list(texts),
                dimensions=EMBEDDING_DIMENSIONS,
                encoding_format="float",
                timeout=seconds,
            )
        except Exception as problem:
            code = openai_code(problem)
            if code is None:
                raise
            raise EmbeddingFailure(code) from problem
        try:
            # The client hands on whatever the provider says.
            vectors = [_unit(one.embedding) for one in sorted(answer.data, key=lambda one: one.index)]
        except (AttributeError, TypeError, ValueError) as problem:
            raise EmbeddingFailure("wrong_shape") from problem
        if len(vectors) != len(texts):
            raise EmbeddingFailure("wrong_shape")
        return vectors


def _unit(numbers: Sequence[float]) -> Vector:
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if len(numbers) != EMBEDDING_DIMENSIONS or not length or not math.isfinite(length):
        raise EmbeddingFailure("wrong_shape")
    return tuple(number / length for number in numbers)
