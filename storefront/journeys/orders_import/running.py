"""One import of books from first to last: products, customers, orders, each in batches; a report and a record.

Each batch is a savepoint: what the database refuses is halved until the bad record stands alone, and harms no
other. A dry run does the same work in one transaction and takes it all back, so that it finds what the real one would.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import DataError, IntegrityError

from storefront.core.db import transaction
from storefront.core.ids import new_id
from storefront.journeys.catalog_import.rows import RowRefused
from storefront.journeys.catalog_import.writing import BatchResult
from storefront.journeys.import_runs import close_run, in_words, one_at_a_time, open_run, write_refusals
from storefront.journeys.orders_import.customers import write_customers
from storefront.journeys.orders_import.orders import write_orders
from storefront.journeys.orders_import.products import write_products
from storefront.journeys.orders_import.reading import (
    Books,
    Entry,
    Refused,
    read_customers,
    read_orders,
    read_products,
)
from storefront.journeys.orders_import.records import BookRecord, OrderRecord, RecordRefused
from storefront.search.services import refresh_words

BATCH_RECORDS = 200
AVAILABLE_UNITS = 25
KINDS = ("products", "customers", "orders")
Progress = Callable[[str, int, int], None]
Record = TypeVar("Record", bound=BookRecord)


@dataclass(slots=True)
class Counts:
    """What became of the records of one kind."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(slots=True)
class BooksReport:
    """What an import did (or, in a dry run, would do)."""

    run_id: uuid.UUID = field(default_factory=new_id)
    is_dry_run: bool = False
    counts: dict[str, Counts] = field(default_factory=lambda: {kind: Counts() for kind in KINDS})
    refusals: list[Refused] = field(default_factory=list)
    error_file: Path | None = None

    @property
    def refused(self) -> int:
        """How many records were left out."""
        return sum(count.refused for count in self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """The figures as the run's record keeps them."""
        figures = {
            kind: {name: getattr(count, name) for name in ("created", "updated", "unchanged", "refused")}
            for kind, count in self.counts.items()
        }
        return {**figures, "warnings": len(self.refusals) - self.refused}

    def add(self, kind: str, result: BatchResult) -> None:
        """Count a batch."""
        counts = self.counts[kind]
        counts.created += result.created
        counts.updated += result.updated
        counts.unchanged += result.unchanged

    def refuse(self, refusal: Refused) -> None:
        """Note a record, or a part of one, that was left out."""
        self.refusals.append(refusal)
        if not refusal.is_warning:
            self.counts[refusal.kind].refused += 1


class _TakenBack(Exception):
    """The end of a dry run: everything was done, and is undone."""


def import_books(
    books: Books,
    *,
    available_units: int = AVAILABLE_UNITS,
    errors_folder: Path | None = None,
    is_dry_run: bool = False,
    progress: Progress = lambda _kind, _done, _whole: None,
) -> BooksReport:
    """Import ``books``; ``progress`` is told the kind, how many records are done, and of how many.

    Can be run again at any time: a record that stands in the books as it did is left alone, whatever has happened
    here since. ``available_units`` is the stock of a variant that the books call available.
    Raises :class:`ImportRunning`, and :class:`BooksUnreadable` before anything is written.
    """
    report = BooksReport(is_dry_run=is_dry_run)
    running = _Import(books, available_units, report, progress)
    with one_at_a_time():
        running.read()
        if is_dry_run:
            _try_out(running, errors_folder)
        else:
            _run(running, errors_folder)
    return report


def _try_out(running: _Import, errors_folder: Path | None) -> None:
    try:
        with transaction():
            running.write()
            raise _TakenBack
    except _TakenBack:
        _keep_refusals(running.report, errors_folder)


def _run(running: _Import, errors_folder: Path | None) -> None:
    report, books = running.report, running.books
    open_run(report.run_id, books.name, {"kind": "orders", "available_units": running.available_units})
    outcome = "failed"
    try:
        running.write()
        outcome = "finished"
        products = report.counts["products"]
        if products.created or products.updated:
            refresh_words()  # the search knows the new products' words at once
    except KeyboardInterrupt:
        outcome = "broken_off"
        raise
    finally:
        _keep_refusals(report, errors_folder)
        close_run(report.run_id, outcome, report.as_json(), report.error_file)


class _Import:
    """The state of one running import."""

    def __init__(self, books: Books, available_units: int, report: BooksReport, progress: Progress) -> None:
        self.books = books
        self.available_units = available_units
        self.report = report
        self.progress = progress

    def read(self) -> None:
        """Check every record before the first is written."""
        products, users, orders = self.books.products, self.books.users, self.books.orders
        self.products = self._good(read_products(products)) if products else []
        self.customers = self._good(read_customers(users)) if users else []
        self.orders = self._in_turn(self._good(read_orders(orders)) if orders else [])

    def _good(self, found: Iterable[Entry[Record] | Refused]) -> list[Entry[Record]]:
        entries = []
        for one in found:
            if isinstance(one, Refused):
                self.report.refuse(one)
            else:
                entries.append(one)
        return entries

    def _in_turn(self, orders: list[Entry[OrderRecord]]) -> list[Entry[OrderRecord]]:
        """Orders as their customers' lists have them; most books give no times, and this is all that tells."""
        place = {name: turn for one in self.customers for turn, name in enumerate(one.record.orders)}
        if orders:
            there = {one.record.key: one.record.user_id for one in orders}
            for one in self.customers:
                for name in one.record.orders:
                    if there.get(name) != one.record.key:
                        self._warn(
                            "customers", one.record.key, f"its order {name} is not among its orders here"
                        )
        return sorted(orders, key=lambda one: place.get(one.record.key, len(place)))

    def _warn(self, kind: str, key: str, reason: str) -> None:
        self.report.refuse(Refused(kind, key, reason, is_warning=True))

    def write(self) -> None:
        """Products, then those who bought them, then what was bought."""
        self._all("products", self.products, lambda batch: write_products(batch, self.available_units))
        self._all("customers", self.customers, write_customers)
        self._all("orders", self.orders, self._write_orders)

    def _write_orders(self, batch: Sequence[Entry[OrderRecord]]) -> BatchResult:
        written = write_orders(batch)
        for key, reason in written.warnings:
            self._warn("orders", key, reason)
        return written.result

    def _all(
        self,
        kind: str,
        entries: Sequence[Entry[Record]],
        write: Callable[[Sequence[Entry[Record]]], BatchResult],
    ) -> None:
        for start in range(0, len(entries), BATCH_RECORDS):
            batch = entries[start : start + BATCH_RECORDS]
            self._batch(kind, batch, write)
            self.progress(kind, start + len(batch), len(entries))

    def _batch(
        self,
        kind: str,
        batch: Sequence[Entry[Record]],
        write: Callable[[Sequence[Entry[Record]]], BatchResult],
    ) -> None:
        try:
            with transaction() as current, current.begin_nested():
                result = write(batch)
        except (RecordRefused, RowRefused, IntegrityError, DataError) as error:
            if len(batch) == 1:
                self.report.refuse(Refused(kind, batch[0].record.key, in_words(error)))
                return
            middle = len(batch) // 2
            self._batch(kind, batch[:middle], write)
            self._batch(kind, batch[middle:], write)
        else:
            self.report.add(kind, result)


def _keep_refusals(report: BooksReport, folder: Path | None) -> None:
    if folder is None or not report.refusals:
        return
    rows = (
        (one.kind, one.key, "warning" if one.is_warning else "refused", one.reason) for one in report.refusals
    )
    report.error_file = write_refusals(folder, report.run_id, ("record", "id", "kind", "reason"), rows)
