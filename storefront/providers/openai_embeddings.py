"""Embeddings from a provider that speaks OpenAI's protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import assert_no_transaction
from storefront.providers.embeddings import EmbeddingFailure, Vector
from storefront.providers.openai_client import openai_code, openai_connection


class OpenAICompatibleEmbeddings:
    """The endpoint ``/embeddings`` below ``base_url``, asked for vectors of the shop's length."""

    def __init__(self, api_key: str, base_url: str | None, model: str) -> None:
        self.name = model
        self._client = openai_connection(api_key, base_url, 30.0)

    def embed(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        """See :meth:`EmbeddingModel.embed`. No transaction may be open."""
        assert_no_transaction()
        if not texts:
            return []
        create: Any = self._client.embeddings.create
        try:
            answer = create(
                model=self.name,
                input=list(texts),
                dimensions=EMBEDDING_DIMENSIONS,
                encoding_format="float",
                timeout=seconds,
            )
            rows = sorted(answer.data, key=lambda one: one.index)
            vectors = [_unit(one.embedding) for one in rows]
        except Exception as problem:
            code = openai_code(problem)
            if code is None:
                raise
            raise EmbeddingFailure(code) from problem
        if len(vectors) != len(texts):
            raise EmbeddingFailure("wrong_shape")
        return vectors


def _unit(numbers: Sequence[float]) -> Vector:
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if len(numbers) != EMBEDDING_DIMENSIONS or not length:
        raise EmbeddingFailure("wrong_shape")
    return tuple(number / length for number in numbers)
