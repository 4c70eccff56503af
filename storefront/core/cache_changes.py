"""From what the database has noted as changed to what is forgotten.

Triggers on the catalog's tables write the tags of what changed into the outbox, whoever wrote to them. A job
forgets them within seconds; who changes something for people to see at once calls :func:`forget_after_commit`.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from redis import RedisError

from storefront.core import outbox
from storefront.core.cache import cache_store
from storefront.core.db import after_commit, transaction

KIND = "cache.forget"
_LEASE = timedelta(seconds=30)

log = structlog.get_logger(__name__)


def forget_after_commit() -> None:
    """What the current transaction changes is forgotten as soon as it is committed."""
    after_commit(forget_what_changed)


def forget_what_changed() -> int:
    """Forget what is noted, some hundreds of notes at once; returns how many. Without Redis it stays noted."""
    with transaction():
        entries = outbox.claim_all(KIND, _LEASE)
    cache_store().look_again()  # the job may have been quicker, in another process
    if not entries:
        return 0
    try:
        cache_store().forget({tag for entry in entries for tag in entry.payload["tags"]})
    except RedisError:
        log.warning("cache_not_forgotten", entries=len(entries))
        return 0
    with transaction():
        outbox.finish(*entries)
    return len(entries)
