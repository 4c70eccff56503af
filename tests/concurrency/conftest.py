"""An application that may open as many connections as a test has people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.db import db
from storefront.core.settings import Settings
from tests.factories.buying import make_shipping
from tests.stripe_server import StripeServer, card_settings


def _queue_patiently(connection: Any, _record: object) -> None:
    connection.execute("SET lock_timeout = '60s'")
    connection.commit()


@contextmanager
def _crowded(settings: Settings) -> Iterator[Flask]:
    """A shop of its own, its context pushed, whose connections wait for a row as long as it takes.

    How fast a busy machine is, is not what is looked at.
    """
    from storefront import create_app

    built = create_app(settings)
    with built.app_context():
        for engine in db.engines.values():
            sa.event.listen(engine, "connect", _queue_patiently)
        yield built
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def crowded_app(settings: Settings, clean_database: None) -> Iterator[Flask]:
    """The application with 200 connections: nobody waits for a free one."""
    with _crowded(settings.model_copy(update={"database_pool_size": 200})) as built:
        yield built


@pytest.fixture
def crowded_cards(settings: Settings, stripe: StripeServer, clean_database: None) -> Iterator[Flask]:
    """The shop that takes cards and charges them when goods leave or staff say so, with a connection for everybody."""
    changed = card_settings(stripe, stripe_capture="manual", stripe_timeout_seconds=5.0)
    with _crowded(settings.model_copy(update={"database_pool_size": 30, **changed})) as built:
        make_shipping()
        yield built
