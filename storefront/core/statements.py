"""Statements that pages run all the time: compiled once, then handed to the driver as they are.

SQLAlchemy spends as long around such a statement as PostgreSQL on answering it, and the driver, which looks for its
own placeholders in each text, most of a millisecond on a long one: it gets PostgreSQL's. :func:`rows` runs a statement
that is built once (a module's constant, or out of a ``@cache``) in the running transaction if there is one
(:func:`storefront.core.db.reading`). Rows are plain named tuples; errors are the ones that SQLAlchemy raises.

What a busy transaction writes goes the same way: :func:`insert`, and updates that are built once. None of them sees
what was added to the session and is not flushed yet.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from storefront.core.db import Base, reading

KEPT = 512
"""How many statements a process knows. Whoever runs more of them builds them anew each time, which is a mistake."""

observers: list[Callable[[str, Sequence[Any]], object]] = []
"""Told each statement with the values of $1, $2 ...: tests count and explain them."""

_DIALECT: Any = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

Process = Callable[[Any], Any]


@dataclass(slots=True)
class _Compiled:
    """``names`` are the parameters in the order of their numbers, ``given`` the values that the statement holds itself,
    ``called`` those that are found out at each run; ``processed`` turns values into what the driver takes."""

    text: str
    names: tuple[str, ...]
    given: dict[str, Any]
    called: tuple[tuple[str, Callable[[], Any]], ...]
    processed: tuple[tuple[str, Process], ...]
    types: tuple[Any, ...]
    row: Callable[[Iterable[Any]], Any] | None = field(default=None)

    def values(self, values: Mapping[str, Any]) -> list[Any]:
        filled = {**self.given, **values}
        for name, find_out in self.called:
            if name not in values:
                filled[name] = find_out()
        for name, process in self.processed:
            filled[name] = process(filled[name])
        return [filled[name] for name in self.names]


def rows(statement: sa.Executable, values: Mapping[str, Any] | None = None) -> list[Any]:
    """All rows of ``statement``, its parameters by name."""
    compiled = _compiled(statement)
    filled = compiled.values(values or {})
    with _cursor(compiled, filled) as cursor:
        cursor.execute(compiled.text, filled)
        if cursor.pgresult.status != pq.ExecStatus.TUPLES_OK:
            return []
        found = cursor.fetchall()
    if compiled.row is None:
        compiled.row = _row_of(compiled.types, cursor.description)
    return list(map(compiled.row, found))


def execute(statement: sa.Executable, values: Mapping[str, Any]) -> None:
    """Run a write that gives nothing back."""
    rows(statement, values)


def insert(model: type[Base], *written: Mapping[str, Any]) -> None:
    """Insert rows in the running transaction; ids that are not given are made.

    Raises ValueError unless all have the same columns.
    """
    if any(one.keys() != written[0].keys() for one in written):
        raise ValueError("rows with different columns in one insert")
    compiled = _compiled(_insertion(model, tuple(written[0])))
    filled = [compiled.values(one) for one in written]
    with _cursor(compiled, filled[0]) as cursor:
        cursor.executemany(compiled.text, filled) if len(filled) > 1 else cursor.execute(
            compiled.text, filled[0]
        )


@lru_cache(maxsize=KEPT)
def _insertion(model: type[Base], names: tuple[str, ...]) -> sa.Insert:
    return sa.insert(model.__table__).values({name: sa.bindparam(name) for name in names})  # type: ignore[arg-type]


@contextmanager
def _cursor(compiled: _Compiled, values: Sequence[Any]) -> Iterator[Any]:
    """The driver's cursor for one statement; its errors as SQLAlchemy raises them."""
    for observer in observers:
        observer(compiled.text, values)
    with reading() as connection:
        driver: Any = connection.dbapi_connection
        try:
            yield psycopg.RawCursor(driver)
        except psycopg.Error as problem:
            broken = driver.broken
            if broken:
                connection.invalidate(problem)
            raise DBAPIError.instance(
                compiled.text,
                list(values),
                problem,
                psycopg.Error,
                connection_invalidated=broken,
                dialect=_DIALECT,
            ) from problem


def first(statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Any:
    """The first row, or None."""
    return next(iter(rows(statement, values)), None)


def scalar(statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Any:
    """The first value of the first row, or None."""
    row = first(statement, values)
    return None if row is None else row[0]


def scalars(statement: sa.Executable, values: Mapping[str, Any] | None = None) -> list[Any]:
    """The first value of each row."""
    return [row[0] for row in rows(statement, values)]


@lru_cache(maxsize=KEPT)
def _compiled(statement: sa.Executable) -> _Compiled:
    compiled: Any = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise ValueError("a list of unknown length in a statement that is compiled once: pass an array")
    given: dict[str, Any] = {}
    called: list[tuple[str, Callable[[], Any]]] = []
    processed: list[tuple[str, Process]] = []
    for bind, name in compiled.bind_names.items():
        process = bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
        if bind.callable is not None:
            called.append((name, bind.callable))
        elif not bind.required:
            given[name] = bind.value
        if process is not None:
            processed.append((name, process))
    for column in compiled.insert_prefetch:  # what the model fills in by itself
        if column.default.is_callable:
            called.append((column.key, partial(column.default.arg, None)))
        else:
            given[column.key] = column.default.arg
    types = tuple(column.type for column in getattr(statement, "selected_columns", ()))
    names = tuple(compiled.positiontup or ())
    return _Compiled(str(compiled), names, given, tuple(called), tuple(processed), types)


def _row_of(types: Sequence[Any], description: Sequence[Any]) -> Callable[[Iterable[Any]], Any]:
    """What makes a row of the driver's values. Raises ValueError where they are not as SQLAlchemy would give them."""
    for kind, column in zip(types, description, strict=False):
        # Of an array the driver makes a list, which is all that SQLAlchemy would do.
        one = kind.item_type if isinstance(kind, sa.ARRAY) else kind
        if one.dialect_impl(_DIALECT).result_processor(_DIALECT, column.type_code) is not None:
            raise ValueError(f"{column.name} is not as the driver gives it: run the statement by SQLAlchemy")
    names = [column.name for column in description]
    return namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined,no-any-return]
