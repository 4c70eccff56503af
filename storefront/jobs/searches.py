"""The search log: what the pages have noted is written down, and what many looked for is suggested."""

from __future__ import annotations

from storefront.jobs.celery_app import celery
from storefront.search.services import refresh_popular_searches, write_log

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


@celery.task(name="storefront.jobs.searches.refresh_suggestions")
def refresh_suggestions() -> bool:
    """Count anew which texts are suggested; False when somebody is at it already."""
    return refresh_popular_searches()
