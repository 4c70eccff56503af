"""Between two tests: tables are as the migrations left them, at the price of the rows that were written."""

from __future__ import annotations

import psycopg
from psycopg import sql

# Deletes from the tables that hold rows. Triggers rest meanwhile: no cascades, no refusals to change a log.
_EMPTY = """
DO $$
DECLARE
  candidate regclass;
  filled boolean;
BEGIN
  FOR candidate IN
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> ALL (string_to_array({seeded}, ','))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', candidate) INTO filled;
    IF filled THEN
      EXECUTE format('DELETE FROM %s', candidate);
    END IF;
  END LOOP;
  FOR candidate IN
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'm' AND c.relispopulated
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', candidate) INTO filled;
    IF filled THEN
      EXECUTE format('REFRESH MATERIALIZED VIEW %s', candidate);
    END IF;
  END LOOP;
END
$$
"""
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""


class Emptier:
    """Remembers what the migrations put in, and brings the database back to exactly that."""

    def __init__(self, admin_url: str) -> None:
        self._connection = psycopg.connect(admin_url, autocommit=True)
        self._connection.execute("SET session_replication_role = replica")
        # A test that leaves a transaction open must fail here, not hang the run.
        self._connection.execute("SET lock_timeout = '10s'")
        self._connection.execute("SET client_min_messages = warning")
        tables = [name for (name,) in self._connection.execute(_TABLES).fetchall()]
        contents = {name: self._content(name) for name in tables}
        self._seeded = {name: content for name, content in contents.items() if content}
        self._statement = sql.SQL(_EMPTY).format(seeded=sql.Literal(",".join(self._seeded)))

    def empty(self) -> None:
        """Remove what was written since; put back what was changed or removed of the migrations' own rows."""
        self._connection.execute(self._statement)
        for name, content in self._seeded.items():
            if self._content(name) != content:
                self._restore(name, content)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _content(self, name: str) -> bytes:
        # A query, because COPY of a partitioned table itself gives no rows; generated columns are left out.
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
            self._columns(name), sql.Identifier(name)
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as rows:
            return b"".join(bytes(row) for row in rows)

    def _restore(self, name: str, content: bytes) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), self._columns(name))
            with cursor.copy(statement) as rows:
                rows.write(content)

    def _columns(self, name: str) -> sql.Composed:
        found = self._connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            (name,),
        ).fetchall()
        return sql.SQL(", ").join(sql.Identifier(column) for (column,) in found)
