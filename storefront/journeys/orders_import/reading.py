"""The books as files: ``products.json``, ``users.json`` and ``orders.json``, each an object of records by their ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

from storefront.journeys.orders_import.records import (
    BookRecord,
    CustomerRecord,
    OrderRecord,
    ProductRecord,
    RecordRefused,
    checked,
)

Record = TypeVar("Record", bound=BookRecord)


class BooksUnreadable(ValueError):
    """A file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where the books lie; a part that is None is not read."""

    products: Path | None = None
    users: Path | None = None
    orders: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Books:
        """The books in ``folder``, by the usual names; what is not there is left out."""
        return cls(*(path if (path := folder / f"{name}.json").is_file() else None for name in _NAMES))

    @property
    def name(self) -> str:
        """What the record of the import calls them."""
        return ", ".join(path.name for path in (self.products, self.users, self.orders) if path)


@dataclass(frozen=True, slots=True)
class Entry(Generic[Record]):
    """A record that was checked, with the digest of what stands in the books. ``place`` counts from 1."""

    place: int
    record: Record
    digest: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was left out, or a part of one that was (``is_warning``), and why."""

    kind: str
    key: str
    reason: str
    is_warning: bool = False


_NAMES = ("products", "users", "orders")
_ID_FIELD = {"products": "product_id", "customers": "user_id", "orders": "order_id"}


def read_products(path: Path) -> Iterator[Entry[ProductRecord] | Refused]:
    """The products in ``path``. Raises :class:`BooksUnreadable`."""
    return _read(path, "products", ProductRecord)


def read_customers(path: Path) -> Iterator[Entry[CustomerRecord] | Refused]:
    """The customers in ``path``. Raises :class:`BooksUnreadable`."""
    return _read(path, "customers", CustomerRecord)


def read_orders(path: Path) -> Iterator[Entry[OrderRecord] | Refused]:
    """The orders in ``path``. Raises :class:`BooksUnreadable`."""
    return _read(path, "orders", OrderRecord)


def _read(path: Path, kind: str, record: type[Record]) -> Iterator[Entry[Record] | Refused]:
    for place, (key, raw) in enumerate(_load(path).items(), 1):
        try:
            _check_text(raw)
            yield Entry(place, checked(record, _with_id(raw, _ID_FIELD[kind], key)), _digest(raw))
        except RecordRefused as error:
            yield Refused(kind, key, str(error))


def _load(path: Path) -> dict[str, Any]:
    """The whole file: books of a million orders would want JSON Lines, and nobody has sent any."""
    try:
        books = json.loads(path.read_bytes(), parse_float=Decimal, object_pairs_hook=_each_once)
    except (OSError, ValueError, RecursionError) as error:
        raise BooksUnreadable(f"{path.name}: {error}") from None
    if not isinstance(books, dict):
        raise BooksUnreadable(f"{path.name}: is no JSON object of records by their ids")
    return books


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON readers keep the last of two equal names and lose the other without a word."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return found


def _with_id(raw: Any, field: str, key: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise RecordRefused("is no JSON object")
    if raw.get(field, key) != key:
        raise RecordRefused(f"the record under {key} calls itself {raw[field]}")
    return {**raw, field: key}


def _check_text(raw: Any) -> None:
    """What JSON can say and no database takes: half of a surrogate pair, the character zero."""
    try:
        text = json.dumps(raw, ensure_ascii=False, default=str)
        text.encode()
    except UnicodeEncodeError:
        raise RecordRefused("holds half a character") from None
    if "\\u0000" in text:
        raise RecordRefused("holds the character zero")


def _digest(raw: Any) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
