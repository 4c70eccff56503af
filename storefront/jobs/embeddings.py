"""Products' vectors are made in the background, some seconds of work at a time."""

from __future__ import annotations

from storefront.jobs.celery_app import celery
from storefront.providers.embedding_choice import embedding_model
from storefront.providers.embeddings import EmbeddingFailure
from storefront.search.services import fill_vectors

TURN_SECONDS = 40.0


@celery.task(name="storefront.jobs.embeddings.make_vectors")
def make_vectors() -> int:
    """Make missing vectors for some seconds; returns how many. A model that is away is asked again at the next turn."""
    model = embedding_model()
    if model is None:
        return 0
    try:
        return fill_vectors(model, seconds=TURN_SECONDS)
    except EmbeddingFailure:
        return 0
