"""What a database really holds, in the words of ``docs/schema.toml``."""

from __future__ import annotations

from typing import Any

import psycopg

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
  (SELECT r.relname
     || CASE k.confdeltype WHEN 'c' THEN ' on delete cascade' WHEN 'n' THEN ' on delete set null' ELSE '' END
   FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
   WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey) AND NOT r.relispartition LIMIT 1)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'alembic_version'
ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT c.relname, k.contype::text, k.conname,
  (SELECT array_agg(a.attname ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place)
   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND k.contype IN ('c', 'u', 'p')
ORDER BY 1, 3
"""
_INDEXES = """
SELECT c.relname, i.relname, x.indisunique, c.relkind::text
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u'))
ORDER BY 1, 2
"""
_TRIGGERS = """
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""
_FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.prosecdef FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1
"""
_VIEWS = """
SELECT c.relname, c.relkind::text, coalesce('security_invoker=true' = ANY (c.reloptions), false),
  (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
_POLICIES = """
SELECT c.relname, p.polname, c.relforcerowsecurity AND c.relrowsecurity
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid ORDER BY 1, 2
"""


def tables(connection: psycopg.Connection) -> dict[str, dict[str, Any]]:
    """Every table with its columns, constraints, indexes, triggers and policies."""
    found: dict[str, dict[str, Any]] = {}
    for table, name, kind, required, reference in connection.execute(_COLUMNS):
        entry = found.setdefault(table, _empty())
        words = [name, kind, "required" if required else "", f"-> {reference}" if reference else ""]
        entry["columns"].append(" ".join(word for word in words if word))
    for table, kind, name, columns in connection.execute(_CONSTRAINTS):
        if table not in found:
            continue
        if kind == "p":
            found[table]["primary_key"] = columns
        else:
            found[table]["checks" if kind == "c" else "unique"].append(name)
    for table, name, unique, _kind in connection.execute(_INDEXES):
        if table in found:
            found[table]["unique" if unique else "indexes"].append(name)
    for table, name in connection.execute(_TRIGGERS):
        found[table]["triggers"].append(name)
    for table, name, _forced in connection.execute(_POLICIES):
        found[table]["policies"].append(name)
    for entry in found.values():
        for part in ("checks", "unique", "indexes", "triggers", "policies"):
            entry[part].sort()
    return found


def _empty() -> dict[str, Any]:
    return {
        "columns": [],
        "primary_key": [],
        "checks": [],
        "unique": [],
        "indexes": [],
        "triggers": [],
        "policies": [],
    }


def unforced(connection: psycopg.Connection) -> set[str]:
    """Tables with policies that row-level security is not forced on."""
    return {table for table, _name, forced in connection.execute(_POLICIES) if not forced}


def functions(connection: psycopg.Connection) -> dict[str, bool]:
    """The shop's own functions by signature; whether each runs with its owner's rights."""
    return dict(connection.execute(_FUNCTIONS).fetchall())


def views(connection: psycopg.Connection) -> dict[str, dict[str, Any]]:
    """Views and materialized views with their columns."""
    return {
        name: {"materialized": kind == "m", "security_invoker": invoker, "columns": columns}
        for name, kind, invoker, columns in connection.execute(_VIEWS)
    }


def partitions(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The partitions of each partitioned table."""
    found: dict[str, list[str]] = {}
    for parent, child in connection.execute(
        "SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits"
        " JOIN pg_class ON pg_class.oid = inhparent WHERE relkind = 'p' ORDER BY 1, 2"
    ):
        found.setdefault(parent, []).append(child)
    return found
