"""What several tests of pages need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis

from storefront.core.settings import Settings
from storefront.providers.mail import mail_folder
from tests.web.small_town import Town, build_town


@pytest.fixture
def no_redis(app: Flask) -> Iterator[None]:
    """Redis is away: the application's clients find no server at their address."""
    kept = {name: app.extensions[name] for name in ("redis", "waiting_redis")}
    for name in kept:
        app.extensions[name] = Redis.from_url("unix:///nonexistent/redis.sock", decode_responses=True)
    yield
    app.extensions.update(kept)


@pytest.fixture
def town(app: Flask, settings: Settings) -> Iterator[Town]:
    """A small shop in which every page has something to show; its letters are thrown away afterwards."""
    yield build_town(app)
    for letter in mail_folder(settings).glob("*.eml"):
        letter.unlink()
