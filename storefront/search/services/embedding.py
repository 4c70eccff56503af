"""Gives every listed product its vector, in batches, outside of the transactions that changed it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.core.cache import forget
from storefront.core.db import release, session, transaction, write
from storefront.providers.embeddings import EmbeddingModel
from storefront.providers.vector_store import NewVector, VectorStore
from storefront.search.locks import lock_listed
from storefront.search.models import ProductSearch
from storefront.search.queries.neighbours import VECTORS, vector_store

_READ_AT_ONCE = 512
_BATCH = 32
_BATCH_SECONDS = 60.0

_STALE = ProductSearch.embedded_digest.is_distinct_from(ProductSearch.content_digest)
# What PostgreSQL itself has kept so far goes: nobody would keep it true.
_MARK = sa.text("""
UPDATE product_search AS s SET embedded_digest = made.digest, embedding = NULL
FROM unnest(:ids, :digests) AS made(product_id, digest)
WHERE s.product_id = made.product_id AND s.content_digest = made.digest
""").bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())), sa.bindparam("digests", type_=ARRAY(sa.Text())))


@dataclass(frozen=True, slots=True)
class _Stale:
    product_id: uuid.UUID
    digest: str
    text: str


def stale_vectors() -> int:
    """How many listed products have no vector, or one of what they were called before."""
    return session().scalar(sa.select(sa.func.count()).select_from(ProductSearch).where(_STALE)) or 0


def listed_products() -> int:
    """How many products are to have a vector."""
    return session().scalar(sa.select(sa.func.count()).select_from(ProductSearch)) or 0


def forget_vectors() -> None:
    """Have all vectors made anew: another model makes others. Search uses the old ones meanwhile.

    Some at a time, so that nobody who sells one of these products waits for all.
    """
    last = uuid.UUID(int=0)
    while True:
        with transaction():
            ids = list(
                session().scalars(
                    sa.select(ProductSearch.product_id)
                    .where(ProductSearch.embedded_digest.isnot(None), ProductSearch.product_id > last)
                    .order_by(ProductSearch.product_id)
                    .limit(_READ_AT_ONCE)
                )
            )
            _make_anew(ids)
        if not ids:
            return
        last = ids[-1]


def fill_vectors(
    model: EmbeddingModel,
    progress: Callable[[int], object] = lambda _done: None,
    seconds: float = float("inf"),
) -> int:
    """Make the vectors that are missing or stale, for at most about ``seconds``; returns how many were made.

    ``progress`` is told after each batch how many have been made. No transaction is open while ``model`` works, nor
    while a store outside of the database does. Raises :class:`EmbeddingFailure` and :class:`VectorStoreFailure`; what
    was made before stays. Answers to searches that were given without these vectors are forgotten.
    """
    store = vector_store()
    until = time.monotonic() + seconds
    done = 0
    try:
        for batch in _batches():
            vectors = model.embed([one.text for one in batch], _BATCH_SECONDS)
            made = zip(batch, vectors, strict=True)
            _keep(store, [NewVector(one.product_id, one.digest, vector) for one, vector in made])
            done += len(batch)
            progress(done)
            if time.monotonic() > until:
                break
    finally:
        if done:
            forget(VECTORS)
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


def _keep(store: VectorStore, vectors: Sequence[NewVector]) -> None:
    store.write(vectors)
    if store.is_outside:
        ids, digests = [one.product_id for one in vectors], [one.digest for one in vectors]
        with transaction():
            lock_listed(ids)
            session().execute(_MARK, {"ids": ids, "digests": digests})


def purge_vectors() -> int:
    """Have a store outside of the database forget products that are no longer listed; returns how many.

    Raises :class:`VectorStoreFailure`. In PostgreSQL a vector goes with its product's row.
    """
    store, purged = vector_store(), 0
    if not store.is_outside:
        return 0
    release()
    for ids in store.kept():
        here = ProductSearch.product_id.in_(ids)
        gone = set(ids).difference(session().scalars(sa.select(ProductSearch.product_id).where(here)))
        release()
        if gone:
            store.forget(sorted(gone))
            # One that was listed, and embedded, between the look here and the deletion there needs its vector again.
            _make_anew(gone)
            purged += len(gone)
    return purged


def _make_anew(product_ids: Iterable[uuid.UUID]) -> None:
    ids = list(product_ids)
    with transaction():
        lock_listed(ids)
        write(sa.update(ProductSearch).where(ProductSearch.product_id.in_(ids)).values(embedded_digest=None))
