"""The search log: what was looked for, how many it found, how long it took."""

from __future__ import annotations

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.search.errors import UnknownSearchType
from storefront.search.models import SEARCH_TYPES, SearchLog
from storefront.search.queries import clean_text


def log_search(
    identity: Identity, query: str, *, results_count: int, search_type: str, milliseconds: float
) -> None:
    """Remember one search; an empty text leaves no row.

    ``search_type`` is text, semantic, hybrid, suggest or assistant; anything else raises UnknownSearchType.
    """
    if search_type not in SEARCH_TYPES:
        raise UnknownSearchType(search_type)
    text = clean_text(query)
    if not text:
        return
    with transaction():
        session().execute(
            sa.insert(SearchLog).values(
                id=new_id(),
                query=text,
                user_id=identity.user_id,
                session_id=identity.session_id,
                results_count=results_count,
                search_type=search_type,
                response_time_ms=round(milliseconds),
                created_at=now(),
            )
        )
