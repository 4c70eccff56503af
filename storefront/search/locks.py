"""The one order in which rows of the read model are locked: by product, as its triggers do."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import sqlalchemy as sa

from storefront.core.db import session
from storefront.search.models import ProductSearch


def lock_listed(product_ids: Iterable[uuid.UUID]) -> None:
    """Lock the rows of these products until the transaction ends.

    A statement that updates many rows by itself takes them in any order, and a sale that does the same in another one
    would wait for it in a ring.
    """
    session().execute(
        sa.select(ProductSearch.product_id)
        .where(ProductSearch.product_id.in_(list(product_ids)))
        .order_by(ProductSearch.product_id)
        .with_for_update(key_share=True)
    )
