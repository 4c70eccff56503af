"""Building stones that several domains' models share: known values, living rows, addresses on the net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INET

EMBEDDING_DIMENSIONS = 384
"""The embedding model's own dimension (MiniLM), not the 1,536 that one source document names."""

LIVING = sa.text("deleted_at IS NULL")
"""The condition of every unique or hot index on a table with soft delete."""

EMPTY_OBJECT = sa.text("'{}'::jsonb")
EMPTY_LIST = sa.text("'[]'::jsonb")
EMPTY_ARRAY = sa.text("'{}'::text[]")


def one_of(column: str, values: Sequence[str]) -> sa.CheckConstraint:
    """A check ``<column>_known``: the column holds one of ``values`` (text and a check migrate easier than an enum)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def currency_check() -> sa.CheckConstraint:
    """A check that ``currency`` is a three-letter ISO 4217 code."""
    return sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso")


def country_check() -> sa.CheckConstraint:
    """A check that ``country`` is a two-letter ISO 3166 code."""
    return sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso")


def gin(
    name: str,
    column: str,
    *,
    operator_class: str | None = None,
    where: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> sa.Index:
    """A GIN index over a jsonb, array, tsvector or trigram column, of the rows that meet ``where``.

    ``settings`` are the index's storage parameters.
    """
    return sa.Index(
        name,
        column,
        postgresql_using="gin",
        postgresql_ops={column: operator_class} if operator_class else {},
        postgresql_where=sa.text(where) if where else None,
        postgresql_with=dict(settings or {}),
    )


class IpAddress(sa.types.TypeDecorator[str]):
    """``inet`` in the database, text in Python: nobody here does arithmetic on addresses."""

    impl = INET
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        """The address as text, without a netmask."""
        return None if value is None else str(value)
