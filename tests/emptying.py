"""Between two tests: tables are as the migrations left them, at the price of the rows that were written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

T = TypeVar("T")
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = ANY (%s) AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0
  AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """What tables hold, as COPY writes it, and which views are made of it."""

    tables: dict[str, bytes]
    views: set[str]


class Once(Protocol):
    """The fixture ``once``."""

    def __call__(self, build: Callable[[], T]) -> T:
        """What ``build`` returns; the rows that it writes are there."""


class Emptier:
    """Remembers what the migrations put in, and brings the database back to exactly that."""

    def __init__(self, admin_url: str) -> None:
        self._connection = psycopg.connect(admin_url, autocommit=True)
        # Triggers rest: no cascades, no refusals to change a log.
        self._connection.execute("SET session_replication_role = replica")
        # A test that leaves a transaction open must fail here, not hang the run.
        self._connection.execute("SET lock_timeout = '10s'")
        self._connection.execute("SET client_min_messages = warning")
        tables = self._names(["r", "p"])
        self._columns = {name: self._columns_of(name) for name in tables}
        contents = {name: self._content(name) for name in tables}
        self._seeded = {name: content for name, content in contents.items() if content}
        self._views = set(self._names(["m"]))
        self._filled = self._which_are_filled([name for name in tables if name not in self._seeded])
        self._changed = self._which_have_changed()

    def empty(self) -> None:
        """Remove what was written since; put back what was changed or removed of the migrations' own rows."""
        filled = self._ask(self._filled)
        for name in filled:
            if name not in self._views:
                self._connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        for name in self._ask(self._changed):
            self._restore(name, self._seeded[name])
        self._refresh(self._views.intersection(filled))

    def rows(self) -> Rows:
        """Everything that was written since."""
        names = [*self._ask(self._filled), *self._ask(self._changed)]
        return Rows(
            {name: self._content(name) for name in names if name not in self._views},
            self._views.intersection(names),
        )

    def write(self, rows: Rows) -> None:
        """Write ``rows`` again, into an empty database."""
        for name, content in rows.tables.items():
            self._restore(name, content)
        self._refresh(rows.views)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _which_are_filled(self, tables: list[str]) -> sql.Composed:
        """The statement, the same each time, that names those of ``tables`` and the views that hold rows."""
        look = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        names = [*tables, *sorted(self._views)]
        return sql.SQL(" UNION ALL ").join(
            look.format(sql.Literal(one), sql.Identifier(one)) for one in names
        )

    def _which_have_changed(self) -> sql.Composed:
        """The statement that names the tables that do not hold the migrations' rows any more."""
        look = sql.SQL(
            "SELECT {} WHERE {} IS DISTINCT FROM (SELECT sum(hashtextextended(({})::text, 0)) FROM {})"
        )
        parts = []
        for name in self._seeded:
            row = sql.SQL("ROW({})").format(self._columns[name])
            total = sql.SQL("SELECT sum(hashtextextended(({})::text, 0)) FROM {}")
            (expected,) = self._connection.execute(total.format(row, sql.Identifier(name))).fetchone() or (
                None,
            )
            parts.append(look.format(sql.Literal(name), sql.Literal(expected), row, sql.Identifier(name)))
        return sql.SQL(" UNION ALL ").join(parts)

    def _ask(self, statement: sql.Composed) -> list[str]:
        # Prepared: planned once, and not for each test.
        with self._connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(statement, prepare=True).fetchall()

    def _names(self, kinds: list[str]) -> list[str]:
        with self._connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(_TABLES, (kinds,)).fetchall()

    def _columns_of(self, name: str) -> sql.Composed:
        """Its columns but for generated ones."""
        with self._connection.cursor(row_factory=scalar_row) as cursor:
            found = cursor.execute(_COLUMNS, (name,)).fetchall()
        return sql.SQL(", ").join(map(sql.Identifier, found))

    def _content(self, name: str) -> bytes:
        # A query, because COPY of a partitioned table itself gives no rows.
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
            self._columns[name], sql.Identifier(name)
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as rows:
            return b"".join(bytes(row) for row in rows)

    def _refresh(self, views: set[str]) -> None:
        for name in views:
            self._connection.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(sql.Identifier(name)))

    def _restore(self, name: str, content: bytes) -> None:
        table = sql.Identifier(name)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(sql.SQL("DELETE FROM {}").format(table))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, self._columns[name])
            with cursor.copy(statement) as rows:
                rows.write(content)
