"""How migrations run: as the owner, one at a time, never waiting long for a lock that a shopper holds."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app, has_app_context

from storefront.core.database_roles import DatabaseUrls
from storefront.core.db import Base

config = context.config
ROOT = Path(__file__).resolve().parents[1]
# Any number, as long as it is always this one: two processes that migrate at once take turns.
MIGRATING = 7_301_620_002
PARTITION = re.compile(r"^(messages|analytics_events|search_logs|audit_logs)_(\d{4}_\d{2}|default)$")

for module in sorted((ROOT / "storefront").glob("*/models.py")):
    importlib.import_module(f"storefront.{module.parent.name}.models")
for name in ("external_ids", "job_runs", "outbox", "webhooks"):
    importlib.import_module(f"storefront.core.{name}")


def database_urls() -> DatabaseUrls:
    """The logins given by the caller, or those of the running application (``flask db upgrade``)."""
    given = config.attributes.get("urls")
    if given is not None:
        return given
    if not has_app_context():
        raise RuntimeError("run migrations with `flask db upgrade`, or through storefront.core.schema")
    settings = current_app.extensions["settings"]
    return DatabaseUrls(
        owner=settings.database_owner_url.get_secret_value(),
        app=settings.database_url.get_secret_value(),
        shopper=settings.database_shopper_url.get_secret_value(),
    )


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Partitions come from ``ensure_partitions``, not from the models."""
    return not (kind == "table" and name is not None and PARTITION.match(name))


def include_object(thing: Any, _name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """A foreign key to a partitioned table shows up once more for each partition: PostgreSQL's own doing."""
    if kind == "foreign_key_constraint" and reflected:
        return not any(PARTITION.match(element.target_fullname.split(".")[0]) for element in thing.elements)
    return True


def compare_type(
    _context: Any, _inspected: Any, metadata: sa.Column[Any], inspected: Any, wanted: Any
) -> bool | None:
    """Let Alembic compare, except the vector's dimension and wrapped types that reflect as themselves."""
    if isinstance(wanted, sa.types.TypeDecorator):
        return not isinstance(inspected, type(wanted.impl_instance))
    return None


def leave_out_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """``flask db migrate`` without a change writes no file."""
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    """Run the migrations, each in its own transaction."""
    urls = database_urls()
    config.attributes["roles"] = urls.roles()
    engine = sa.create_engine(urls.owner, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("SET lock_timeout = '5min'"))
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATING})
        connection.execute(sa.text("SET lock_timeout = '10s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            include_object=include_object,
            compare_type=compare_type,
            compare_server_default=True,
            transaction_per_migration=True,
            process_revision_directives=leave_out_empty,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATING})
        connection.commit()


if context.is_offline_mode():
    raise RuntimeError("these migrations look into the database as they go: run them online")
run()
