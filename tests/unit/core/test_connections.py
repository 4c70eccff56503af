"""Reads are statements for themselves, writes wait for their commit, and a dead connection is noticed."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.pq import TransactionStatus

from storefront.core.connections import ASKED_AFTER_SECONDS
from storefront.core.db import db, session, transaction
from storefront.core.settings import Settings

_PREPARED = sa.text("SELECT count(*) FROM pg_prepared_statements")


def _status() -> TransactionStatus:
    driver = session().connection().connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.info.transaction_status


def test_a_read_opens_no_transaction(app_context: Flask) -> None:
    session().execute(sa.text("SELECT 1"))

    assert _status() == TransactionStatus.IDLE


def test_a_write_waits_for_its_commit_also_after_a_read(app_context: Flask) -> None:
    session().execute(sa.text("SELECT 1"))
    with transaction():
        session().execute(sa.text("SELECT 1"))

        assert _status() == TransactionStatus.INTRANS

    assert _status() == TransactionStatus.IDLE


def test_what_failed_leaves_nothing(app_context: Flask) -> None:
    make = sa.text("INSERT INTO brands (name, slug) VALUES ('Half', 'half')")

    def fail_halfway() -> None:
        with transaction():
            session().execute(make)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()

    assert session().scalar(sa.text("SELECT count(*) FROM brands WHERE slug = 'half'")) == 0


def test_what_is_prepared_stays_prepared_from_request_to_request(app_context: Flask) -> None:
    for _request in range(8):
        session().execute(sa.text("SELECT count(*) FROM brands WHERE slug = :slug"), {"slug": "one"})
        db.session.remove()

    assert session().scalar(_PREPARED) > 0


def test_a_connection_that_the_server_closed_is_replaced(app_context: Flask, settings: Settings) -> None:
    ours = session().scalar(sa.text("SELECT pg_backend_pid()"))
    db.session.remove()
    assert settings.database_owner_url
    owner = sa.create_engine(settings.database_url.get_secret_value())  # type: ignore[union-attr]
    with owner.connect() as other:
        assert other.scalar(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": ours})
    owner.dispose()

    assert session().scalar(sa.text("SELECT pg_backend_pid()")) != ours


def test_a_connection_that_rested_long_is_asked(app_context: Flask) -> None:
    session().execute(sa.text("SELECT 1"))
    record = session().connection().connection._connection_record  # type: ignore[union-attr]
    db.session.remove()
    record.info["rested_since"] -= ASKED_AFTER_SECONDS + 1  # type: ignore[index]

    assert session().scalar(sa.text("SELECT 1")) == 1
