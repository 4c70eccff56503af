"""An application that may open as many connections as a test has people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.db import db
from storefront.core.settings import Settings


def _queue_patiently(connection: Any, _record: object) -> None:
    connection.execute("SET lock_timeout = '60s'")
    connection.commit()


@pytest.fixture
def crowded_app(settings: Settings, clean_database: None) -> Iterator[Flask]:
    """The application with 200 connections, its context pushed: nobody waits for a free one.

    They queue for a row as long as it takes: how fast a busy machine is, is not what is looked at.
    """
    from storefront import create_app

    built = create_app(settings.model_copy(update={"database_pool_size": 200}))
    with built.app_context():
        for engine in db.engines.values():
            sa.event.listen(engine, "connect", _queue_patiently)
        yield built
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
