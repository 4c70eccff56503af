"""``python -m storefront.cli.schema_docs``: write docs/schema.md from docs/schema.toml.

A module of its own and not a ``flask`` command: reading two files needs no database.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from storefront.core.settings import ROOT

MANIFEST = ROOT / "docs" / "schema.toml"
PAGE = ROOT / "docs" / "schema.md"

SOURCES = {
    "S0": "an e-commerce chatbot",
    "S1": "a REST shop",
    "S2": "a chat micro-service",
    "S4": "a chatbot platform",
}
HEAD = """# The database

Made from [schema.toml](schema.toml) by `python -m storefront.cli.schema_docs`; change that file, not this one.
A test compares the manifest with a freshly migrated database, another runs every migration up, down and up
again and finds no difference between the models and the tables.

- Keys are UUIDs, time-ordered when the application inserts. Moments are `timestamptz`, money `numeric(12,2)`.
- Three logins: **owner** (migrations), **app** (the server), **shopper** (what the assistant does for a person,
  under row-level security). None is a superuser.
- Names: `pk_` primary key, `uq_` unique, `ck_` check, `ix_` index, `p_` policy. Foreign keys are written `-> table`.
"""


def render(manifest: Mapping[str, Any]) -> str:
    """The page as Markdown, with a Mermaid diagram per area."""
    lines = [HEAD]
    for area, tables in _by_area(manifest["tables"]).items():
        lines += [f"## {area}\n", *_diagram(tables, manifest["tables"])]
        for name, table in tables.items():
            lines += _table(name, table)
    lines += ["## Functions\n", "| function | what it does | rights |", "|---|---|---|"]
    for name, function in manifest["functions"].items():
        rights = "owner's" if function["security_definer"] else "caller's"
        lines.append(f"| `{name}` | {_cell(function['purpose'])} | {rights} |")
    lines += ["", "## Views\n", "| view | what it shows | columns |", "|---|---|---|"]
    for name, view in manifest["views"].items():
        kind = "materialized; " if view["materialized"] else ""
        columns = ", ".join(f"`{column}`" for column in view["columns"])
        lines.append(f"| `{name}` | {kind}{_cell(view['purpose'])} | {columns} |")
    lines += _sources(manifest["sources"])
    later = manifest["later"]
    names = ", ".join(f"`{name}`" for name in later["tables"])
    lines += ["## Later\n", f"{later['reason']} {names}."]
    return "\n".join(lines) + "\n"


def _by_area(tables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    areas: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        areas.setdefault(table["area"], {})[name] = table
    return areas


def references(table: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """The table's foreign keys: column, table it points to, whether it must be there."""
    for column in table["columns"]:
        described, arrow, target = column.partition(" -> ")
        if arrow:
            name, *rest = described.split()
            yield name, target.split()[0], "required" in rest


def _diagram(tables: Mapping[str, Any], everything: Mapping[str, Any]) -> list[str]:
    lines = ["```mermaid", "erDiagram"]
    drawn: set[str] = set()
    for name, table in tables.items():
        for column, target, required in references(table):
            if target in everything:
                one = "||" if required else "|o"
                lines.append(f"  {target} {one}--o{{ {name} : {column}")
                drawn |= {name, target}
    lines += [f"  {name} {{\n  }}" for name in tables if name not in drawn]
    return [*lines, "```", ""]


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    lines = [f"### {name}\n", f"{table['purpose']} (`{table['owner']}`)"]
    if "partitions" in table:
        lines.append(f"Partitioned {table['partitions']}.")
    lines += ["", "| column | type | |", "|---|---|---|"]
    for column in table["columns"]:
        described, _arrow, target = column.partition(" -> ")
        words = described.split(" ")
        required = words[-1] == "required"
        kind = " ".join(words[1:-1] if required else words[1:])
        notes = [
            "key" if words[0] in table.get("primary_key", ()) else "",
            "" if required else "optional",
            f"→ {target}" if target else "",
        ]
        lines.append(f"| `{words[0]}` | {kind} | {', '.join(note for note in notes if note)} |")
    lines.append("")
    for title, part in (
        ("Checks", "checks"),
        ("Unique", "unique"),
        ("Indexes", "indexes"),
        ("Triggers", "triggers"),
        ("Policies", "policies"),
    ):
        if table.get(part):
            lines.append(f"{title}: {', '.join(f'`{each}`' for each in table[part])}.  ")
    return [*lines, ""]


def _sources(sources: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Where the source documents went\n"]
    for code, source in sources.items():
        lines += [f"### {code}: {SOURCES[code]}\n", "| name there | here |", "|---|---|"]
        for table, columns in source["tables"].items():
            for column, target in columns.items():
                name = table if column == "*" else f"{table}.{column}"
                lines.append(f"| `{name}` | {_cell(target)} |")
        for kind, names in source.items():
            if kind != "tables":
                lines += [f"| {kind}: `{name}` | {_cell(target)} |" for name, target in names.items()]
        lines.append("")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


@click.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; fail when the page is not what the manifest says."
)
def main(check: bool) -> None:
    """Write docs/schema.md from docs/schema.toml."""
    page = render(tomllib.loads(MANIFEST.read_text()))
    if not check:
        PAGE.write_text(page)
    elif not Path(PAGE).exists() or PAGE.read_text() != page:
        raise click.ClickException("docs/schema.md is old: run `python -m storefront.cli.schema_docs`.")


if __name__ == "__main__":
    main()
