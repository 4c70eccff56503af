"""What several tests of pages need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis


@pytest.fixture
def no_redis(app: Flask) -> Iterator[None]:
    """Redis is away: the application's clients find no server at their address."""
    kept = {name: app.extensions[name] for name in ("redis", "waiting_redis")}
    for name in kept:
        app.extensions[name] = Redis.from_url("unix:///nonexistent/redis.sock", decode_responses=True)
    yield
    app.extensions.update(kept)
