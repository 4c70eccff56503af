"""The products nearest to a vector in meaning."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from pgvector.sqlalchemy import VECTOR

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import session
from storefront.search.models import products_table
from storefront.search.queries.filters import published

_PRODUCTS = products_table()


@dataclass(frozen=True, slots=True)
class Near:
    """A product and its cosine similarity, -1 to 1."""

    product_id: uuid.UUID
    similarity: float


def nearest_products(vector: Sequence[float], limit: int) -> list[Near]:
    """The ``limit`` published products nearest to ``vector``, the nearest first. One statement."""
    rows = session().execute(_statement(limit), {"vector": list(vector), "most": limit})
    return [Near(row.product_id, float(row.similarity)) for row in rows]


@cache
def _statement(limit: int) -> sa.Select[Any]:
    # The index looks at as many candidates as this setting says; it is set before the scan begins.
    searching = sa.func.set_config("hnsw.ef_search", str(min(limit, 1_000)), True).label("searching")
    tuned = sa.select(searching).subquery("tuned")
    vector = (
        sa.select(
            sa.cast(sa.bindparam("vector", type_=VECTOR(EMBEDDING_DIMENSIONS)), VECTOR(EMBEDDING_DIMENSIONS))
        )
        .select_from(tuned)
        .scalar_subquery()
    )
    distance = _PRODUCTS.c.embedding.op("<=>", return_type=sa.Float())(vector)
    nearest: Any = (
        sa.select(_PRODUCTS.c.product_id, (1 - distance).label("similarity"))
        .where(_PRODUCTS.c.embedding.isnot(None), published(_PRODUCTS))
        .order_by(distance)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    return cast("sa.Select[Any]", nearest)
