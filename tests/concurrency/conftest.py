"""An application that may open as many connections as a test has people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.settings import Settings


@pytest.fixture
def crowded_app(settings: Settings, clean_database: None) -> Iterator[Flask]:
    """The application with 200 connections, its context pushed: nobody waits for a free one."""
    from storefront import create_app

    built = create_app(settings.model_copy(update={"database_pool_size": 200}))
    with built.app_context():
        yield built
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
