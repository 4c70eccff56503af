"""What the shop sends to PostgreSQL, written down as a script for pgbench.

The same requests are sent twice by two newcomers. What differs between the two recordings (ids, secrets, numbers) is
made anew in each run of the script, out of ``:n``; all else is as it was sent.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from storefront.core.db import session
from storefront.core.statements import observers

_NAMED = re.compile(r"%\((\w+)\)s|%%")
_QUOTED = re.compile(r"^ ?(E?)'(.*)'(::.+)?$", re.DOTALL)
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """One statement with its values; BEGIN and COMMIT have none."""

    text: str
    values: dict[str, Any]


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """All that any engine of this process sends during the block, the bounds of transactions included."""
    seen: list[Sent] = []
    open_connections: set[int] = set()

    def begin(driver: Any) -> None:
        if not driver.autocommit and id(driver) not in open_connections:
            open_connections.add(id(driver))
            seen.append(Sent("BEGIN", {}))

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        begin(connection.connection.dbapi_connection)
        for one in parameters if isinstance(parameters, list) else [parameters]:
            seen.append(Sent(statement, dict(one)))

    def end(connection: Any) -> None:
        driver = connection.connection.dbapi_connection
        if id(driver) in open_connections:
            open_connections.discard(id(driver))
            seen.append(Sent("COMMIT", {}))

    def note_compiled(statement: str, values: Sequence[Any]) -> None:
        begin(session().connection().connection.dbapi_connection)
        named = re.sub(r"\$(\d+)", r"%(\1)s", statement.replace("%", "%%"))
        seen.append(Sent(named, {str(number): value for number, value in enumerate(values, 1)}))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    sa.event.listen(sa.Engine, "commit", end)
    sa.event.listen(sa.Engine, "rollback", end)
    observers.append(note_compiled)
    try:
        yield seen
    finally:
        observers.remove(note_compiled)
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        sa.event.remove(sa.Engine, "commit", end)
        sa.event.remove(sa.Engine, "rollback", end)


def script(first: Sequence[Sent], second: Sequence[Sent]) -> str:
    """One transaction file for pgbench. Raises SystemExit when the two did not send the same."""
    if [one.text for one in first] != [one.text for one in second]:
        raise SystemExit("the same requests have sent different statements: nothing to compare with")
    made = _made_anew(first, second)
    lines = ["\\set i :i + 1", "\\set n :client_id * 10000000 + :i"]
    lines += [_filled(one, made) + ";" for one in first]
    return "\n".join(lines) + "\n"


def _made_anew(first: Sequence[Sent], second: Sequence[Sent]) -> dict[str, str]:
    """For each value that is another one in the second recording: the expression that makes it."""
    made: dict[str, str] = {}
    salt = uuid.uuid4().hex[:8]  # a database that is kept has the ones of an earlier measurement
    # What both have somewhere is a product, a promotion: it only stands in another place.
    in_second = " ".join(_plain(value) for one in second for value in one.values.values())
    for one, other in zip(first, second, strict=True):
        for name, value in one.values.items():
            if value == other.values[name]:
                continue
            for text in _secrets_in(value):
                if text not in made and text not in in_second:
                    seed = f"md5('{salt} {len(made)} ' || :n::text)"
                    made[text] = f"{seed}::uuid::text" if _is_uuid(text) else f"left({seed}, {len(text)})"
    return made


def _secrets_in(value: Any) -> list[str]:
    """The ids and secrets that a value is, or holds."""
    if isinstance(value, uuid.UUID):
        return [str(value)]
    if isinstance(value, str) and not _is_uuid(value) and re.fullmatch(r"[\w-]+", value):
        return [value] if len(value) >= _SHORTEST_SECRET else []
    if isinstance(value, list | tuple | set):
        return [text for one in value for text in _secrets_in(one)]
    return re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", _plain(value))


def _plain(value: Any) -> str:
    """A value as text; of JSON what is in it."""
    return str(getattr(value, "obj", value))


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return "-" in text


def _filled(sent: Sent, made: dict[str, str]) -> str:
    def literal(found: re.Match[str]) -> str:
        return "%" if found[1] is None else _literal(sent.values[found[1]], made)

    return " ".join(_NAMED.sub(literal, sent.text).split())


def _literal(value: Any, made: dict[str, str]) -> str:
    written = _with_dashes(sql.Literal(value).as_string(None))
    found = [text for text in made if text in written]
    if re.search(r"(?<!:):[A-Za-z_]", written):
        raise SystemExit(f"pgbench would take a part of this for a variable: {written}")
    if not found:
        return written
    parts = _QUOTED.match(written)
    if parts is None:
        raise SystemExit(f"a value that cannot be made anew: {written}")
    escape, inside, cast = parts[1], parts[2], parts[3] or ""
    for text in found:
        inside = inside.replace(text, f"' || {made[text]} || {escape}'")
    return f"({escape}'{inside}'){cast}"


def _with_dashes(written: str) -> str:
    """The driver writes ids without dashes."""
    return (
        re.sub(r"\b[0-9a-f]{32}\b", lambda found: str(uuid.UUID(found[0])), written)
        if "::uuid" in written
        else written
    )


Ask = Callable[[int], None]


def scripts(ask: Ask, count: int) -> list[str]:
    """One script for each of ``count`` kinds of requests; ``ask`` sends those of one kind as a newcomer."""
    written = []
    for number in range(count):
        recordings = []
        for _time in range(2):
            with recorded() as sent:
                ask(number)
            recordings.append(list(sent))
        written.append(script(*recordings))
    return written
