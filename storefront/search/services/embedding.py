"""Gives every listed product its vector, in batches, outside of the transactions that changed it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.core.db import release, session, transaction
from storefront.providers.embeddings import EmbeddingModel, Vector
from storefront.search.models import ProductSearch

_READ_AT_ONCE = 512
_BATCH = 32
_BATCH_SECONDS = 60.0

_STALE = ProductSearch.embedded_digest.is_distinct_from(ProductSearch.content_digest)
_FILL = sa.text("""
UPDATE product_search AS s SET embedding = CAST(made.embedding AS vector), embedded_digest = made.digest
FROM unnest(:ids, :digests, :vectors) AS made(product_id, digest, embedding)
WHERE s.product_id = made.product_id AND s.content_digest = made.digest
""").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid())),
    sa.bindparam("digests", type_=ARRAY(sa.Text())),
    sa.bindparam("vectors", type_=ARRAY(sa.Text())),
)


@dataclass(frozen=True, slots=True)
class _Stale:
    product_id: uuid.UUID
    digest: str
    text: str


def stale_vectors() -> int:
    """How many listed products have no vector, or one of what they were called before."""
    return session().scalar(sa.select(sa.func.count()).select_from(ProductSearch).where(_STALE)) or 0


def forget_vectors() -> None:
    """Have all vectors made anew: another model makes others. Search uses the old ones meanwhile."""
    with transaction():
        session().execute(sa.update(ProductSearch).values(embedded_digest=None))


def fill_vectors(
    model: EmbeddingModel,
    progress: Callable[[int], object] = lambda _done: None,
    seconds: float = float("inf"),
) -> int:
    """Make the vectors that are missing or stale, for at most about ``seconds``; returns how many were made.

    ``progress`` is told after each batch how many have been made. No transaction is open while ``model`` works. Raises
    :class:`EmbeddingFailure`; what was made before stays.
    """
    until = time.monotonic() + seconds
    done = 0
    for batch in _batches():
        vectors = model.embed([one.text for one in batch], _BATCH_SECONDS)
        with transaction():
            session().execute(_FILL, _values(batch, vectors))
        done += len(batch)
        progress(done)
        if time.monotonic() > until:
            break
    return done


def _batches() -> Iterator[list[_Stale]]:
    """What is stale, once each, texts of like length together: a batch is as slow as its longest."""
    last = uuid.UUID(int=0)
    while True:
        rows = session().execute(
            sa.select(
                ProductSearch.product_id,
                ProductSearch.content_digest,
                sa.func.concat_ws(". ", ProductSearch.category_name, ProductSearch.name).label("text"),
            )
            .where(_STALE, ProductSearch.product_id > last)
            .order_by(ProductSearch.product_id)
            .limit(_READ_AT_ONCE)
        )
        stale = [_Stale(row.product_id, row.content_digest, row.text) for row in rows]
        release()
        if not stale:
            return
        last = stale[-1].product_id
        stale.sort(key=lambda one: len(one.text))
        for place in range(0, len(stale), _BATCH):
            yield stale[place : place + _BATCH]


def _values(batch: Sequence[_Stale], vectors: Sequence[Vector]) -> dict[str, list[object]]:
    return {
        "ids": [one.product_id for one in batch],
        "digests": [one.digest for one in batch],
        "vectors": [f"[{','.join(map(str, vector))}]" for vector in vectors],
    }
