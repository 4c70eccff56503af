"""The one PostgreSQL and the one Valkey of a test run, a migrated template, and a database per worker."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError

from storefront.core import embedded
from storefront.core.database_roles import DatabaseUrls, prepare_database
from storefront.core.schema import upgrade

SECRET_KEY = "only-for-tests-" + "0" * 32
TEMPLATE = "shop_template"
_FOLDER_VARIABLE = "STOREFRONT_TEST_SERVERS"
_ALL_RUNS = Path("/tmp") / f"storefront-tests-{os.getuid()}"


def begin_run() -> None:
    """In the process that started the run: name its folder for the workers, sweep what died runs left."""
    if _ALL_RUNS.exists():
        for folder in _ALL_RUNS.iterdir():
            if folder.name.isdigit() and not psutil.pid_exists(int(folder.name)):
                embedded.stop(folder)
                shutil.rmtree(folder, ignore_errors=True)
    os.environ[_FOLDER_VARIABLE] = str(_ALL_RUNS / str(os.getpid()))


def end_run() -> None:
    """Remove the run's folder; the last worker has stopped the servers."""
    folder = run_folder()
    embedded.leave(folder)
    if folder.exists():
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def run_folder() -> Path:
    """Where this run's servers live."""
    return Path(os.environ[_FOLDER_VARIABLE])


def compiled_templates() -> Path:
    """Where this run's applications keep their templates as Jinja compiles them."""
    folder = run_folder() / "templates"
    folder.mkdir(exist_ok=True)
    return folder


class TestDatabases:
    """Makes databases on the run's server: migrated copies of a template, or empty ones."""

    __test__ = False

    def __init__(self) -> None:
        self.services = embedded.start_throwaway(run_folder())
        self._admin = sa.make_url(self.services.database_admin_url)

    def admin_url(self, database: str) -> str:
        """The superuser's libpq URL of one database."""
        return self._admin.set(database=database).render_as_string(hide_password=False)

    def migrated(self, name: str) -> DatabaseUrls:
        """A database with the whole schema, copied from the template (made by the first who asks)."""
        self._ensure_template()
        return self.copied(TEMPLATE, name)

    def copied(self, source: str, name: str) -> DatabaseUrls:
        """A database like ``source``, to which nobody may be connected meanwhile."""
        owner = prepare_database(self._admin_url(), database_name=source, secret_key=SECRET_KEY).roles()[
            "owner"
        ]
        with psycopg.connect(self._admin_url(), autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY")
            names = [sql.Identifier(each) for each in (name, source, owner)]
            connection.execute(statement.format(*names))
            # A copy does not bring the template's rights: closed to all, so that the shop grants them anew.
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(names[0]))
        return prepare_database(self._admin_url(), database_name=name, secret_key=SECRET_KEY)

    @contextmanager
    def empty(self, name: str) -> Iterator[DatabaseUrls]:
        """A database with logins and extensions and nothing in it, dropped afterwards."""
        yield prepare_database(self._admin_url(), database_name=name, secret_key=SECRET_KEY)
        self.drop(name)

    def drop(self, name: str) -> None:
        """Remove a database, cutting whoever is connected."""
        with psycopg.connect(self._admin_url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _admin_url(self) -> str:
        return self.services.database_admin_url

    def _ensure_template(self) -> None:
        ready = run_folder() / "template.ready"
        with (run_folder() / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if ready.exists():
                if problem := ready.read_text():
                    raise RuntimeError(f"the template could not be made: {problem}")
                return
            try:
                upgrade(prepare_database(self._admin_url(), database_name=TEMPLATE, secret_key=SECRET_KEY))
            except (SQLAlchemyError, RuntimeError, ImportError) as error:
                ready.write_text(f"{type(error).__name__}: {error}")
                raise
            ready.touch()


def reserve_port() -> socket.socket:
    """A loopback socket that keeps its free port until a server listens on it."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved
