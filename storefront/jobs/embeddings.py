"""Products' vectors are made in the background, some seconds of work at a time; left-over ones are removed."""

from __future__ import annotations

import structlog

from storefront.jobs.celery_app import celery
from storefront.providers.embedding_choice import embedding_model
from storefront.providers.embeddings import EmbeddingFailure
from storefront.providers.vector_store import VectorStoreFailure
from storefront.search.services import fill_vectors, purge_vectors

log = structlog.get_logger(__name__)
TURN_SECONDS = 40.0


@celery.task(name="storefront.jobs.embeddings.make_vectors")
def make_vectors() -> int:
    """Make missing vectors for some seconds; returns how many.

    A model or a store that is away is asked again at the next turn.
    """
    made = 0

    def note(done: int) -> None:
        nonlocal made
        made = done

    model = embedding_model()
    if model is None:
        return 0
    try:
        return fill_vectors(model, note, seconds=TURN_SECONDS)
    except (EmbeddingFailure, VectorStoreFailure) as failure:
        log.warning("vectors_not_made", failure=str(failure), made=made)
        return made


@celery.task(name="storefront.jobs.embeddings.remove_vectors")
def remove_vectors() -> int:
    """Remove the vectors of products that are no longer listed from a store outside; returns how many."""
    try:
        return purge_vectors()
    except VectorStoreFailure as failure:
        log.warning("vectors_not_removed", failure=str(failure))
        return 0
