"""Redis: quick to give up, never needed to sell.

Rate limits, caches and running chat streams live here. Whoever reads it must have an answer for its absence:
catch :class:`redis.RedisError` and go on.
"""

from __future__ import annotations

from flask import Flask, current_app
from redis import Redis

from storefront.core.settings import Settings

LONGEST_WAIT_SECONDS = 10.0


def init_redis(app: Flask, settings: Settings) -> None:
    """Create the application's client. It connects on first use; a server that is away costs no start."""
    app.extensions["redis"] = _client(settings, settings.redis_timeout_seconds)
    app.extensions["waiting_redis"] = _client(settings, settings.redis_timeout_seconds + LONGEST_WAIT_SECONDS)


def _client(settings: Settings, answer_within: float) -> Redis:
    assert settings.redis_url is not None
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        decode_responses=True,
        socket_timeout=answer_within,
        socket_connect_timeout=settings.redis_timeout_seconds,
        health_check_interval=30,
    )


def redis_client() -> Redis:
    """The application's Redis client. Its commands raise :class:`redis.RedisError` when the server is away."""
    client: Redis = current_app.extensions["redis"]
    return client


def waiting_redis_client() -> Redis:
    """A client for commands that wait on purpose (``XREAD BLOCK``), up to :data:`LONGEST_WAIT_SECONDS`."""
    client: Redis = current_app.extensions["waiting_redis"]
    return client
