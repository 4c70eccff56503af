"""The database's own upkeep: months of partitioned tables, the materialized view. The owner's functions do it."""

from __future__ import annotations

import sqlalchemy as sa

from storefront.core.db import session, transaction

PARTITIONED = ("messages", "analytics_events", "search_logs", "audit_logs")
MONTHS_AHEAD = 3


def create_partitions(months_ahead: int = MONTHS_AHEAD) -> int:
    """Create the coming months of every partitioned table; returns how many partitions are new."""
    made = 0
    for table in PARTITIONED:
        # One transaction a table: each takes a short exclusive lock on its default partition.
        with transaction():
            made += session().scalar(sa.select(sa.func.ensure_partitions(table, months_ahead))) or 0
    return made


def refresh_chatbot_metrics() -> None:
    """Count the assistants' figures again; readers see the old ones until the new ones are there."""
    with transaction():
        # It reads every message there is: the login's limit is meant for pages.
        session().execute(sa.text("SET LOCAL statement_timeout = '10min'"))
        session().execute(sa.select(sa.func.refresh_chatbot_metrics()))
