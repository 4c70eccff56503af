"""The vectors that every shop has: a column of the read model with pgvector's index over it.

They live and die with the product's row. ``embedded_digest`` is written with the vector, in one statement: two would
write every index of the row twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import release, session, transaction, write
from storefront.core.statements import rows
from storefront.providers.vector_store import Near, NewVector
from storefront.search.locks import lock_listed
from storefront.search.models import ProductSearch, products_table
from storefront.search.queries.filters import published

_READ_AT_ONCE = 2_000
_PRODUCTS = products_table()
_LEAST_CANDIDATES = 40
_FILL = sa.text("""
UPDATE product_search AS s SET embedding = CAST(made.embedding AS vector), embedded_digest = made.digest
FROM unnest(:ids, :digests, :vectors) AS made(product_id, digest, embedding)
WHERE s.product_id = made.product_id AND s.content_digest = made.digest
""").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid())),
    sa.bindparam("digests", type_=ARRAY(sa.Text())),
    sa.bindparam("vectors", type_=ARRAY(sa.Text())),
)
_INDEX_IS_THERE = sa.literal_column(
    "(SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_product_search_embedding'))",
    sa.Boolean(),
)


class VectorColumn:
    """pgvector as a :class:`VectorStore`."""

    is_outside = False

    def nearest(self, vector: Sequence[float], limit: int) -> list[Near]:
        """See :meth:`VectorStore.nearest`. Published products only; nothing while the index is made anew."""
        found = rows(_statement(limit), {"vector": _written(tuple(vector)), "most": limit})
        return [Near(row.product_id, float(row.similarity)) for row in found]

    def write(self, vectors: Sequence[NewVector]) -> None:
        """See :meth:`VectorStore.write`. What has changed since it was embedded is left to the next turn."""
        values = {
            "ids": [one.product_id for one in vectors],
            "digests": [one.digest for one in vectors],
            "vectors": [f"[{','.join(map(str, one.vector))}]" for one in vectors],
        }
        with transaction():
            lock_listed(one.product_id for one in vectors)
            session().execute(_FILL, values)

    def forget(self, product_ids: Sequence[uuid.UUID]) -> None:
        """See :meth:`VectorStore.forget`."""
        with transaction():
            lock_listed(product_ids)
            write(
                sa.update(ProductSearch)
                .where(ProductSearch.product_id.in_(product_ids))
                .values(embedding=None, embedded_digest=None)
            )

    def kept(self) -> Iterator[list[uuid.UUID]]:
        """See :meth:`VectorStore.kept`."""
        last = uuid.UUID(int=0)
        while True:
            ids = list(
                session().scalars(
                    sa.select(ProductSearch.product_id)
                    .where(_PRODUCTS.c.embedding.isnot(None), ProductSearch.product_id > last)
                    .order_by(ProductSearch.product_id)
                    .limit(_READ_AT_ONCE)
                )
            )
            release()
            if not ids:
                return
            last = ids[-1]
            yield ids


@cache
def _statement(limit: int) -> sa.Select[Any]:
    # The index looks at as many candidates as this setting says, those that are no longer true among them; it is set
    # before the scan begins.
    candidates = min(max(limit, _LEAST_CANDIDATES), 1_000)
    searching = sa.func.set_config("hnsw.ef_search", str(candidates), True).label("searching")
    tuned = sa.select(searching).subquery("tuned")
    written = sa.cast(sa.bindparam("vector", type_=sa.Text()), VECTOR(EMBEDDING_DIMENSIONS))
    vector = sa.select(written).select_from(tuned).scalar_subquery()
    distance = _PRODUCTS.c.embedding.op("<=>", return_type=sa.Float())(vector)
    nearest: Any = (
        sa.select(ProductSearch.product_id, (1 - distance).label("similarity"))
        # Without its index every search would read every vector. Those without a vector are left out afterwards: where
        # none has one, the planner would rather look at each product for its vector than at the index.
        .where(_INDEX_IS_THERE, published(_PRODUCTS))
        .order_by(distance)
        .limit(sa.bindparam("most", type_=sa.Integer()))
        .subquery("nearest")
    )
    return sa.select(nearest).where(nearest.c.similarity.isnot(None))


@lru_cache(maxsize=256)
def _written(vector: tuple[float, ...]) -> str:
    """The vector as pgvector reads it. The same texts are asked for again and again."""
    return f"[{','.join(map(str, vector))}]"
