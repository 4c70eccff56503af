"""What keeps products' vectors and finds the nearest, whoever does it: PostgreSQL with pgvector, or Pinecone.

The store says which ids are near; whether a product is listed, published and met by the filters says the database, so
an id that is no longer listed does no harm. Which product's vector is due is the database's to know for every store.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from storefront.providers.embeddings import Vector


class VectorStoreFailure(Exception):
    """The store did not answer as it should.

    ``code`` is one of unreachable, timeout, overloaded, not_authorised, not_found, refused, server_error, wrong_shape.
    ``detail`` is its own words, for the log.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Near:
    """A product and its cosine similarity, -1 to 1."""

    product_id: uuid.UUID
    similarity: float


@dataclass(frozen=True, slots=True)
class NewVector:
    """A product's vector; ``digest`` names the content that it was made of."""

    product_id: uuid.UUID
    digest: str
    vector: Vector


class VectorStore(Protocol):
    """A place for vectors. Its methods raise :class:`VectorStoreFailure`."""

    is_outside: bool
    """Whether somebody else than the database is asked: then no transaction may be open, and products that are no
    longer listed leave their vectors behind."""

    def nearest(self, vector: Sequence[float], limit: int) -> list[Near]:
        """At most ``limit`` products, the nearest first, within the seconds that a page may wait."""

    def write(self, vectors: Sequence[NewVector]) -> None:
        """Keep these vectors in place of what was kept for their products."""

    def forget(self, product_ids: Sequence[uuid.UUID]) -> None:
        """Keep no vectors of these products; unknown ones are no error."""

    def kept(self) -> Iterator[list[uuid.UUID]]:
        """The ids of all products with a vector here, some at a time."""
