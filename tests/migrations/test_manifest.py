"""docs/schema.toml is true: of the database, of the page made from it, and of the source documents."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storefront.cli.schema_docs import MANIFEST, PAGE, render
from tests.migrations import introspection
from tests.migrations.conftest import Logins

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
WRITTEN_BY_TRIGGERS = {
    "invoice_series",
    "product_search",
    "facet_values",
    "category_listing",
    "product_sample",
    "search_word_changes",
}
SEED_FILES = {"S0": "000_*", "S1": "001_*", "S2": "002_*", "S4": "004_*"}
STATEMENTS = {
    "indexes": r"CREATE (?:UNIQUE )?INDEX (\w+)",
    "functions": r"CREATE (?:OR REPLACE )?FUNCTION (\w+)",
    "views": r"CREATE (?:MATERIALIZED )?VIEW (\w+)",
    "triggers": r"CREATE TRIGGER (\w+)",
    "policies": r"CREATE POLICY (\w+)",
    "partitions": r"CREATE TABLE (\w+) PARTITION OF",
    "constraints": r"CONSTRAINT (\w+) (?:CHECK|UNIQUE)",
    "extensions": r"CREATE EXTENSION (?:IF NOT EXISTS )?\"?([\w-]+)",
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return tomllib.loads(MANIFEST.read_text())


def test_tables_are_exactly_those_of_the_manifest(logins: Logins, manifest: dict[str, Any]) -> None:
    found = introspection.tables(logins.owner)
    assert set(found) == set(manifest["tables"])
    for name, described in manifest["tables"].items():
        expected = {part: described.get(part, []) for part in found[name]}
        assert found[name] == expected, name


def test_functions_and_views_are_exactly_those_of_the_manifest(
    logins: Logins, manifest: dict[str, Any]
) -> None:
    expected = {name: entry["security_definer"] for name, entry in manifest["functions"].items()}
    assert introspection.functions(logins.owner) == expected
    parts = ("materialized", "security_invoker", "columns")
    assert introspection.views(logins.owner) == {
        name: {part: entry[part] for part in parts} for name, entry in manifest["views"].items()
    }


def test_every_partitioned_table_has_a_default_and_the_coming_months(
    logins: Logins, manifest: dict[str, Any]
) -> None:
    found = introspection.partitions(logins.owner)
    assert set(found) == {name for name, entry in manifest["tables"].items() if "partitions" in entry}
    for table, partitions in found.items():
        assert f"{table}_default" in partitions
        assert sum(bool(re.fullmatch(rf"{table}_\d{{4}}_\d\d", name)) for name in partitions) == 4


def test_row_level_security_is_forced_wherever_there_is_a_policy(logins: Logins) -> None:
    assert introspection.unforced(logins.owner) == set()


def test_tables_with_updated_at_have_the_trigger(manifest: dict[str, Any]) -> None:
    for name, table in manifest["tables"].items():
        has_column = any(column.startswith("updated_at ") for column in table["columns"])
        assert has_column == ("set_updated_at" in table.get("triggers", [])), name


def test_living_rows_alone_are_unique(logins: Logins) -> None:
    rows = logins.owner.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'uq_%_living'"
    ).fetchall()
    assert len(rows) == 9
    assert [name for name, definition in rows if "deleted_at IS NULL" not in definition] == []


def test_the_page_is_made_from_the_manifest(manifest: dict[str, Any]) -> None:
    assert PAGE.read_text() == render(manifest)


def _targets(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for code, source in manifest["sources"].items():
        for table, columns in source["tables"].items():
            for column, target in columns.items():
                yield f"{code} {table}.{column}", target
        for kind, names in source.items():
            if kind != "tables":
                for name, target in names.items():
                    yield f"{code} {kind} {name}", target


def test_every_name_that_was_taken_is_there(manifest: dict[str, Any]) -> None:
    tables = manifest["tables"]
    there = set(tables) | set(manifest["views"]) | set(manifest["functions"]) | {"extension pg_trgm"}
    for name, table in tables.items():
        there |= {f"{name}.{column.split()[0]}" for column in table["columns"]}
        there |= {f"{name}.{each}" for part in ("triggers", "policies") for each in table.get(part, ())}
        there |= {each for part in ("checks", "unique", "indexes") for each in table.get(part, ())}
        there.add(f"pk_{name}")
    for source, target in _targets(manifest):
        if target.startswith("not taken: "):
            assert len(target) > 30, f"{source} is left out without a reason"
        else:
            assert target.split(" (")[0] in there, f"{source} went to {target}, which is not there"


def _seed(code: str) -> str:
    found = sorted(SEEDS.glob(SEED_FILES[code])) if SEEDS.is_dir() else []
    if not found:
        pytest.skip("the source documents lie beside the checkout, in ../shared/seeds, and are not there")
    return found[0].read_text()


def _columns(body: str) -> list[str]:
    """The column names of a CREATE TABLE body: first words at depth zero, constraints left out."""
    without_comments = re.sub(r"--.*", "", body)
    parts, depth, start = [], 0, 0
    quoted = False
    for place, letter in enumerate(without_comments):
        quoted ^= letter == "'"
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0 and not quoted:
            parts.append(without_comments[start:place])
            start = place + 1
    parts.append(without_comments[start:])
    words = [part.split()[0] for part in parts if part.split() and part.strip() != "..."]
    return [word for word in words if word not in {"CONSTRAINT", "FOREIGN", "PRIMARY", "UNIQUE", "CHECK"}]


def _tables(text: str) -> Iterator[tuple[str, list[str]]]:
    for match in re.finditer(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)\s*(\(| AS)", text):
        if match.group(2) != "(":
            yield match.group(1), []
            continue
        depth, place = 1, match.end()
        while depth:
            depth += (text[place] == "(") - (text[place] == ")")
            place += 1
        yield match.group(1), _columns(text[match.end() : place - 1])


@pytest.mark.parametrize("code", sorted(SEED_FILES))
def test_every_name_of_the_source_documents_is_answered(code: str, manifest: dict[str, Any]) -> None:
    text, answered = _seed(code), manifest["sources"][code]
    tables = list(_tables(text))
    assert len(tables) >= 3
    for table, columns in tables:
        answers = answered["tables"][table]
        if not answers["*"].startswith("not taken: "):
            assert [column for column in columns if column not in answers] == [], table
    for kind, pattern in STATEMENTS.items():
        missing = set(re.findall(pattern, text)) - set(answered.get(kind, {}))
        assert missing == set(), kind


def test_no_table_was_forgotten_by_the_grants(logins: Logins, manifest: dict[str, Any]) -> None:
    app = logins.app.info.user
    for table in manifest["tables"]:
        wanted = "SELECT" if table in WRITTEN_BY_TRIGGERS else "SELECT, INSERT"
        for right in wanted.split(", "):
            held = logins.owner.execute("SELECT has_table_privilege(%s, %s, %s)", (app, table, right))
            assert held.fetchone() == (True,), f"the app login lacks {right} on {table}"
