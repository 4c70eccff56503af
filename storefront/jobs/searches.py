"""The search log: what the pages have noted is written down."""

from __future__ import annotations

from storefront.jobs.celery_app import celery
from storefront.search.services import write_log

_MOST_TURNS = 20


@celery.task(name="storefront.jobs.searches.write_search_log")
def write_search_log() -> int:
    """Write all waiting notes; returns how many searches there were."""
    written = 0
    for _ in range(_MOST_TURNS):
        counts = write_log()
        written += counts["searches"]
        if not any(counts.values()):
            break
    return written
