"""Feeds as rows: CSV, JSON Lines and JSON arrays, gzipped too. A broken line is told apart and stops nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO


class FeedUnreadable(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the feed has it. ``line`` counts from 1; ``bytes_read`` is for the progress bar."""

    line: int
    values: dict[str, Any]
    bytes_read: int


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A line that is no row at all."""

    line: int
    reason: str
    bytes_read: int


def read_feed(path: Path) -> Iterator[RawRow | BrokenRow]:
    """The rows of ``path`` by its ending. Raises :class:`FeedUnreadable`."""
    ending = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    reader = {"csv": _csv_rows, "jsonl": _json_lines, "json": _json_array}.get(ending)
    if reader is None:
        raise FeedUnreadable(f"{path.name}: give a .csv, .jsonl or .json file, gzipped (.gz) or not")
    try:
        with _open(path) as (stream, raw):
            yield from reader(stream, raw)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise FeedUnreadable(f"{path.name}: {error}") from None


@contextmanager
def _open(path: Path) -> Iterator[tuple[IO[bytes], BinaryIO]]:
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                yield unpacked, raw  # type: ignore[misc]  # GzipFile is a binary stream in all but its stub
        else:
            yield raw, raw


def _json_array(stream: IO[bytes], raw: BinaryIO) -> Iterator[RawRow | BrokenRow]:
    """An array of objects; ``line`` is the object's place in it. Read whole: large feeds are JSON Lines."""
    try:
        rows = json.load(stream)
    except (ValueError, RecursionError) as error:
        raise FeedUnreadable(f"is no JSON: {error}") from None
    if not isinstance(rows, list):
        raise FeedUnreadable("is no JSON array")
    for number, values in enumerate(rows, 1):
        yield _json_row(number, values, raw.tell())


def _json_row(number: int, values: Any, bytes_read: int) -> RawRow | BrokenRow:
    if not isinstance(values, dict):
        return BrokenRow(number, "is no JSON object", bytes_read)
    try:
        # JSON can say half of a surrogate pair; that is no character, and no database takes it.
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return BrokenRow(number, "holds half a character", bytes_read)
    return RawRow(number, values, bytes_read)


def _json_lines(stream: IO[bytes], raw: BinaryIO) -> Iterator[RawRow | BrokenRow]:
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield BrokenRow(number, f"is no JSON: {error}", raw.tell())
            continue
        yield _json_row(number, values, raw.tell())


def _csv_rows(stream: IO[bytes], raw: BinaryIO) -> Iterator[RawRow | BrokenRow]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _csv_cells(text, raw)
    finally:
        text.detach()  # the file below is closed by whoever opened it


def _csv_cells(text: io.TextIOWrapper[Any], raw: BinaryIO) -> Iterator[RawRow | BrokenRow]:
    reader = csv.reader(text, strict=True)
    header = next(reader, [])
    if len(set(header)) != len(header) or not all(header):
        raise FeedUnreadable("the header has empty or repeated column names")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BrokenRow(line, f"is no CSV: {error}", raw.tell())
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            yield BrokenRow(line, f"has {len(cells)} columns instead of {len(header)}", raw.tell())
        elif any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
            yield BrokenRow(line, "is not UTF-8", raw.tell())
        else:
            yield RawRow(line, dict(zip(header, cells, strict=True)), raw.tell())
