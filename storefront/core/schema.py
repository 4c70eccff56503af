"""The schema's revision: bring a database up to date, take it down, ask whether it is current."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storefront.core.database_roles import DatabaseUrls

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migration_config(urls: DatabaseUrls) -> Config:
    """Alembic's configuration for one database; ``migrations/env.py`` reads the logins from it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["urls"] = urls
    return config


def is_current(urls: DatabaseUrls) -> bool:
    """Whether the database has exactly the newest revision. One short query as the app login."""
    newest = set(ScriptDirectory(str(MIGRATIONS)).get_heads())
    engine = sa.create_engine(urls.app, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return set(MigrationContext.configure(connection).get_current_heads()) == newest
    except sa.exc.ProgrammingError:
        return False  # the version table is there and not ours to read yet: the first migration is running
    finally:
        engine.dispose()


def upgrade(urls: DatabaseUrls, revision: str = "head") -> None:
    """Run the missing migrations as the owner. Safe to call from several processes at once."""
    command.upgrade(migration_config(urls), revision)


def downgrade(urls: DatabaseUrls, revision: str = "base") -> None:
    """Take the schema back to ``revision``. Roles, the database and its extensions stay."""
    command.downgrade(migration_config(urls), revision)
