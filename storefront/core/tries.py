"""How often somebody may try something that is no view of its own: counted where the limits of views are."""

from __future__ import annotations

import structlog
from limits import parse_many
from limits.errors import StorageError
from redis import RedisError

from storefront.core.extensions import limiter

log = structlog.get_logger(__name__)


def may_try(what: str, who: str, limits: str) -> bool:
    """Count one try of ``who`` at ``what``; False once there were more than ``limits`` (``10/minute``) allow.

    A network address is counted together with the views whose shared limit has ``what`` as its scope.
    While the counters' Redis is away, everybody may.
    """
    try:
        counted = [limiter.limiter.hit(one, who, what) for one in parse_many(limits)]
        return all(counted)
    except (RedisError, StorageError):
        log.warning("tries_not_counted", what=what)
        return True
