"""The search's vocabulary follows the products."""

from __future__ import annotations

from storefront.jobs.celery_app import celery
from storefront.search.services import refresh_words_if_changed


@celery.task(name="storefront.jobs.words.refresh_vocabulary")
def refresh_vocabulary() -> bool:
    """Count the words of all products anew, where one has changed; whether that was so."""
    return refresh_words_if_changed()
