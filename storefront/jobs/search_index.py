"""Changed products on their way into a search server's index. A shop on PostgreSQL has no such work."""

from __future__ import annotations

import uuid

from storefront.core.settings import current_settings
from storefront.jobs.outbox import handles
from storefront.search.elastic.upkeep import write_changes


@handles("search.changed")
def search_changed(product_ids: list[str]) -> None:
    """Write what these products are now. Left over from before a return to PostgreSQL: nothing to do."""
    settings = current_settings()
    if settings.search_backend != "elasticsearch":
        return
    from storefront.providers.elasticsearch_client import search_server

    write_changes(search_server(), settings.elasticsearch_index, [uuid.UUID(one) for one in product_ids])
