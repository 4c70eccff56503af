"""What a search text means, as a vector."""

from __future__ import annotations

from threading import Lock

from cachetools import LRUCache

from storefront.core.cache import CacheKind, remembered
from storefront.core.db import release
from storefront.core.settings import current_settings
from storefront.providers.embedding_choice import embedding_model
from storefront.providers.embeddings import EmbeddingFailure, EmbeddingModel, Vector

_MOST_KEPT = 256
_kept: LRUCache[tuple[str, str], Vector] = LRUCache(_MOST_KEPT)
_lock = Lock()


def meaning_of(text: str) -> Vector | None:
    """The vector of ``text``; None where there is no model, or none that answers in time.

    Ends the running read transaction before it waits for somebody.
    """
    model = embedding_model()
    key = (model.name if model else "", text.lower())
    if model is None or not key[1]:
        return None
    with _lock:
        vector = _kept.get(key)
    if vector is not None:
        return vector
    release()
    try:
        vector = remembered(CacheKind.QUERY_VECTOR, "\n".join(key), Vector, lambda: _embedded(model, key[1]))
    except EmbeddingFailure:
        return None
    with _lock:
        _kept[key] = vector
    return vector


def forget_meanings() -> None:
    """Ask the model again for each text."""
    with _lock:
        _kept.clear()


def _embedded(model: EmbeddingModel, text: str) -> Vector:
    return model.embed([text], current_settings().search_vector_timeout_ms / 1_000)[0]
