"""What changed in the catalog is forgotten: noted by triggers, in the transaction of the change.

Apart from the common drain: an import that touches thousands of products holds up no mail, and costs one look.
"""

from __future__ import annotations

from storefront.core.cache import cache_store
from storefront.core.cache_changes import KIND, forget_what_changed
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import handles

_ROUNDS = 20


@celery.task(name="storefront.jobs.cache.forget_changes")
def forget_changes() -> int:
    """Forget all that is noted; returns how many notes there were. Without Redis they come again."""
    done = 0
    for _ in range(_ROUNDS):
        forgotten = forget_what_changed()
        done += forgotten
        if not forgotten:
            break
    return done


@handles(KIND, apart=True)
def forget_tags(tags: list[str]) -> None:
    """Forget these tags. Raises :class:`redis.RedisError`; then the entry comes again."""
    cache_store().forget(tags)
