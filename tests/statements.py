"""Counting what is sent to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from storefront.core.statements import observers

# Telling the database who acts comes with every transaction of the restricted login; it reads nothing.
_NOT_A_QUERY = ("SELECT set_config(", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET ")


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Collect the SQL that any engine of this process sends during the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().startswith(_NOT_A_QUERY):
            seen.append(" ".join(statement.split()))

    def note_compiled(statement: str, _values: object) -> None:
        note(None, None, statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    observers.append(note_compiled)
    try:
        yield seen
    finally:
        observers.remove(note_compiled)
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@contextmanager
def assert_queries(at_most: int) -> Iterator[list[str]]:
    """Fail when the block sends more than ``at_most`` queries, and name them. At least one is expected."""
    with recorded_statements() as seen:
        yield seen
    listed = "\n".join(f"  {number}. {statement[:300]}" for number, statement in enumerate(seen, 1))
    assert len(seen) <= at_most, f"{len(seen)} queries, {at_most} allowed:\n{listed}"
    assert seen or at_most == 0, "no query was seen: nothing was measured"
