"""The three logins of this worker's database, as plain connections."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
import sqlalchemy as sa

from storefront.core.settings import Settings


def connect(url: str) -> psycopg.Connection:
    """A connection in autocommit mode to one of SQLAlchemy's URLs."""
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


@dataclass(frozen=True, slots=True)
class Logins:
    """One open connection for each login."""

    owner: psycopg.Connection
    app: psycopg.Connection
    shopper: psycopg.Connection

    @contextmanager
    def acting(
        self,
        user_id: uuid.UUID | None = None,
        session_id: uuid.UUID | None = None,
        order_ids: Iterable[uuid.UUID] = (),
    ) -> Iterator[psycopg.Connection]:
        """A transaction of the shopper's login for this person, as ``storefront.core.db.acting_as`` begins it."""
        with self.shopper.transaction():
            self.shopper.execute(
                "SELECT set_config('app.user_id', %s, true), set_config('app.session_id', %s, true),"
                " set_config('app.order_ids', %s, true)",
                (str(user_id or ""), str(session_id or ""), ",".join(map(str, order_ids))),
            )
            yield self.shopper


@pytest.fixture
def logins(settings: Settings, clean_database: None) -> Iterator[Logins]:
    """Connections as owner, app and shopper to this worker's database, which is emptied afterwards."""
    urls = (settings.database_owner_url, settings.database_url, settings.database_shopper_url)
    owner, app, shopper = (connect(url.get_secret_value()) for url in urls if url)
    yield Logins(owner, app, shopper)
    for connection in (owner, app, shopper):
        connection.close()
