"""What sells well stands further up: ``product_search.popularity``, the one part of a list's order that a job fills."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.core.db import session, transaction
from storefront.search.models import ProductSearch

_WRITE = sa.text("""
UPDATE product_search AS s SET popularity = counted.popularity
FROM unnest(:ids, :popularities) AS counted(id, popularity)
WHERE s.product_id = counted.id AND s.popularity <> counted.popularity
""").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid())), sa.bindparam("popularities", type_=ARRAY(sa.Double()))
)


def popularities(after: uuid.UUID | None, most: int) -> dict[uuid.UUID, float]:
    """The next ``most`` listed products behind ``after``, by id, with how popular they are taken to be."""
    column = ProductSearch.product_id
    rows = session().execute(
        sa.select(column, ProductSearch.popularity)
        .where(column > after if after else sa.true())
        .order_by(column)
        .limit(most)
    )
    return {row.product_id: row.popularity for row in rows}


def set_popularities(changed: Mapping[uuid.UUID, float]) -> int:
    """Write these; returns how many products got another one. What is not listed any more is left out."""
    if not changed:
        return 0
    with transaction() as current:
        # In one order, as the triggers do that write these rows: who sells these products does not wait in a ring.
        locked = current.scalars(
            sa.select(ProductSearch.product_id)
            .where(ProductSearch.product_id.in_(changed))
            .order_by(ProductSearch.product_id)
            .with_for_update(key_share=True)
        ).all()
        values = {"ids": list(locked), "popularities": [changed[one] for one in locked]}
        current.execute(_WRITE, values)
        return len(locked)
