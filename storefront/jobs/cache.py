"""What changed in the catalog is forgotten: noted by triggers, in the transaction of the change."""

from __future__ import annotations

from storefront.core.cache import cache_store
from storefront.jobs.outbox import handles


@handles("cache.forget")
def forget_tags(tags: list[str]) -> None:
    """Forget these tags. Raises :class:`redis.RedisError`; then the entry comes again."""
    cache_store().forget(tags)
