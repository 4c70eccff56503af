"""Products' vectors are made in the background, some seconds of work at a time; left-over ones are removed."""

from __future__ import annotations

from contextlib import suppress

import structlog
from redis import RedisError

from storefront.core.redis import redis_client
from storefront.jobs.celery_app import celery
from storefront.providers.embedding_choice import embedding_model
from storefront.providers.embeddings import EmbeddingFailure
from storefront.providers.vector_store import VectorStoreFailure
from storefront.search.services import fill_vectors, purge_vectors

log = structlog.get_logger(__name__)
TURN_SECONDS = 40.0

_ALONE = "jobs:make-vectors"
_ALONE_SECONDS = 120.0
"""More than a turn with its last batch takes: who was killed in the middle holds up the others no longer."""

_REST_SECONDS = 15
"""After a failure: a provider that refuses is not asked at every turn."""


@celery.task(name="storefront.jobs.embeddings.make_vectors")
def make_vectors() -> int:
    """Make missing vectors for some seconds; returns how many.

    What somebody else is at already is left to them. A model or a store that is away is asked again after a rest.
    """
    lock = redis_client().lock(_ALONE, timeout=_ALONE_SECONDS, blocking=False)
    try:
        if not lock.acquire():
            return 0
    except RedisError:  # then two may make the same ones, which is only slower
        return _make_vectors()[0]
    made, has_failed = 0, True
    try:
        made, has_failed = _make_vectors()
    finally:
        with suppress(RedisError):
            if has_failed:
                lock.extend(_REST_SECONDS, replace_ttl=True)
            else:
                lock.release()
    return made


def _make_vectors() -> tuple[int, bool]:
    """How many vectors were made, and whether somebody failed meanwhile."""
    made = 0

    def note(done: int) -> None:
        nonlocal made
        made = done

    model = embedding_model()
    if model is None:
        return 0, False
    try:
        return fill_vectors(model, note, seconds=TURN_SECONDS), False
    except (EmbeddingFailure, VectorStoreFailure) as failure:
        log.warning("vectors_not_made", failure=str(failure), made=made)
        return made, True


@celery.task(name="storefront.jobs.embeddings.remove_vectors")
def remove_vectors() -> int:
    """Remove the vectors of products that are no longer listed from a store outside; returns how many."""
    try:
        return purge_vectors()
    except VectorStoreFailure as failure:
        log.warning("vectors_not_removed", failure=str(failure))
        return 0
