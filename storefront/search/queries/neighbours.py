"""The products nearest to a vector in meaning: what the vector store says, or nothing where it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storefront.core.db import release
from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.providers.vector_store import Near, VectorStore, VectorStoreFailure

EXTENSION = "vector_store"

VECTORS = "vectors"
"""The tag of what is remembered and made of products' vectors."""


def nearest_products(vector: Sequence[float], limit: int) -> list[Near]:
    """At most ``limit`` products, the nearest first; none where the store fails: a search goes on with its words.

    PostgreSQL takes one statement. Before somebody outside is asked, the running read transaction ends.
    """
    store = vector_store()
    if store.is_outside:
        release()
    try:
        return store.nearest(vector, limit)
    except VectorStoreFailure:
        return []


def vector_store() -> VectorStore:
    """The running application's store: what ``VECTOR_BACKEND`` names."""
    return once_per_application(EXTENSION, _not_chosen)()


def _not_chosen(_settings: Settings) -> Callable[[], VectorStore]:
    raise RuntimeError("storefront.app chooses the vector store")
