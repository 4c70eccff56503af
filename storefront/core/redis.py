"""Redis: quick to give up, never needed to sell.

Rate limits, caches and running chat streams live here. Whoever reads it must have an answer for its absence:
catch :class:`redis.RedisError` and go on. While the server is away, only one caller a second finds that out;
everybody else is refused at once.
"""

from __future__ import annotations

import time
from typing import Any, cast

from flask import Flask, current_app
from redis import ConnectionError as RedisAway
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from storefront.core.settings import Settings

LONGEST_WAIT_SECONDS = 10.0
ASKED_AGAIN_AFTER_SECONDS = 1.0


class _Breaker:
    """Remembers for a moment that the server did not answer."""

    __slots__ = ("_closed_at",)

    def __init__(self) -> None:
        self._closed_at = 0.0

    def check(self) -> None:
        """Raises :class:`redis.ConnectionError` until the server may be tried again."""
        if time.monotonic() < self._closed_at:
            raise RedisAway("Redis was away a moment ago")

    def failed(self) -> None:
        """Nobody could connect."""
        self._closed_at = time.monotonic() + ASKED_AGAIN_AFTER_SECONDS


class _Pool(ConnectionPool):
    """Connections of one client; all clients of an application share what they know of the server's absence."""

    def __init__(self, *, breaker: _Breaker, **options: Any) -> None:
        self._breaker = breaker
        super().__init__(**options)

    def get_connection(self, *names: Any, **options: Any) -> Any:
        """A connection that answers. Raises :class:`redis.RedisError`."""
        self._breaker.check()
        try:
            return super().get_connection(*names, **options)
        except RedisError:
            self._breaker.failed()
            raise


def init_redis(app: Flask, settings: Settings) -> None:
    """Create the application's clients. They connect on first use; a server that is away costs no start."""
    breaker = _Breaker()
    brief = settings.redis_timeout_seconds
    app.extensions["redis"] = _client(settings, breaker, brief)
    app.extensions["waiting_redis"] = _client(settings, breaker, brief + LONGEST_WAIT_SECONDS)
    app.extensions["binary_redis"] = _client(settings, breaker, brief, as_text=False)


def _client(settings: Settings, breaker: _Breaker, answer_within: float, *, as_text: bool = True) -> Redis:
    assert settings.redis_url is not None
    pool = _Pool.from_url(
        settings.redis_url.get_secret_value(),
        breaker=breaker,
        decode_responses=as_text,
        socket_timeout=answer_within,
        socket_connect_timeout=settings.redis_timeout_seconds,
        health_check_interval=30,
        # Once more and at once: a connection may have outlived a restart of the server. A server that hangs is
        # not asked again.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisAway,)),
    )
    return Redis.from_pool(pool)


def redis_client() -> Redis:
    """The application's Redis client. Its commands raise :class:`redis.RedisError` when the server is away."""
    return cast(Redis, current_app.extensions["redis"])


def waiting_redis_client() -> Redis:
    """A client for commands that wait on purpose (``XREAD BLOCK``), up to :data:`LONGEST_WAIT_SECONDS`."""
    return cast(Redis, current_app.extensions["waiting_redis"])


def binary_redis_client() -> Redis:
    """A client whose answers are bytes, for what is packed."""
    return cast(Redis, current_app.extensions["binary_redis"])
