"""One import from first to last row: batches, refusals with line and reason, a record of the run.

Products come before their variants in two passes over the file, so that a variant may stand anywhere.
A batch that the database refuses is tried again row by row: a bad row harms no other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from storefront.catalog.models import Product
from storefront.core.db import session
from storefront.core.ids import new_id
from storefront.journeys.catalog_import.mapping import Mapping
from storefront.journeys.catalog_import.pictures import PictureFolder, StoredPicture
from storefront.journeys.catalog_import.reading import BrokenRow, RawRow, read_feed
from storefront.journeys.catalog_import.rows import ProductRow, RowRefused
from storefront.journeys.catalog_import.writing import BatchResult, Taxonomy, write_batch
from storefront.journeys.import_runs import close_run, in_words, one_at_a_time, open_run, write_refusals
from storefront.search.services import refresh_words

BATCH_ROWS = 500
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was left out, or a part of one (``is_warning``), and why."""

    line: int
    sku: str
    reason: str
    is_warning: bool = False


@dataclass(slots=True)
class ImportReport:
    """What an import did (or, in a dry run, would do)."""

    run_id: uuid.UUID = field(default_factory=new_id)
    is_dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    error_file: Path | None = None

    @property
    def refused(self) -> int:
        """How many rows were left out."""
        return sum(not refusal.is_warning for refusal in self.refusals)

    def counts(self) -> dict[str, int]:
        """The figures as the run's record keeps them."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "warnings": len(self.refusals) - self.refused,
        }

    def add(self, result: BatchResult) -> None:
        """Count a batch."""
        self.created += result.created
        self.updated += result.updated
        self.unchanged += result.unchanged


def import_catalog(
    feed: Path,
    mapping: Mapping,
    *,
    images: PictureFolder | None = None,
    errors_folder: Path | None = None,
    is_dry_run: bool = False,
    progress: Progress = lambda _bytes: None,
) -> ImportReport:
    """Import ``feed``; ``progress`` is told the bytes read so far. Can be run again at any time: rows that
    are already so are left alone.

    Raises :class:`ImportRunning`, and :class:`FeedUnreadable` for a file that is no feed at all.
    """
    report = ImportReport(is_dry_run=is_dry_run)
    with one_at_a_time():
        if not is_dry_run:
            open_run(report.run_id, feed.name, mapping.model_dump(mode="json"))
        outcome = "failed"
        try:
            _Import(feed, mapping, images, report, progress).run()
            outcome = "finished"
            if not is_dry_run and (report.created or report.updated):
                refresh_words()  # half words and typing mistakes are known at once, not with the next job
        except KeyboardInterrupt:
            outcome = "broken_off"
            raise
        finally:
            if report.refusals and errors_folder:
                report.error_file = _write_refusals(report, errors_folder)
            if not is_dry_run:
                close_run(report.run_id, outcome, report.counts(), report.error_file)
    return report


class _Import:
    """The state of one running import."""

    def __init__(
        self,
        feed: Path,
        mapping: Mapping,
        images: PictureFolder | None,
        report: ImportReport,
        progress: Progress,
    ) -> None:
        self.feed = feed
        self.mapping = mapping
        self.images = images
        self.report = report
        self.progress = progress
        self.taxonomy = Taxonomy()

    def run(self) -> None:
        """Products first, then, where there are any, their variants."""
        variants = 0
        batch: list[ProductRow] = []
        for row in self._rows(first_pass=True):
            if row.parent_sku:
                variants += 1
                continue
            batch = self._collect(batch, row)
        self._write(batch)
        if not variants:
            return
        batch = []
        for row in self._rows(first_pass=False):
            if row.parent_sku:
                batch = self._collect(batch, row)
        self._write(batch)

    def _collect(self, batch: list[ProductRow], row: ProductRow) -> list[ProductRow]:
        batch.append(row)
        if len(batch) < BATCH_ROWS:
            return batch
        self._write(batch)
        return []

    def _rows(self, *, first_pass: bool) -> Iterator[ProductRow]:
        """The feed's good rows; what is wrong with the others is reported in the first pass only."""
        seen: set[str] = set()
        for raw in read_feed(self.feed):
            if first_pass:
                self.progress(raw.bytes_read)
            try:
                row = self._product(raw, seen)
            except RowRefused as error:
                if first_pass:
                    sku = str(raw.values.get("sku", "")) if isinstance(raw, RawRow) else ""
                    self._refuse(raw.line, sku, str(error))
                continue
            yield row

    def _product(self, raw: RawRow | BrokenRow, seen: set[str]) -> ProductRow:
        if isinstance(raw, BrokenRow):
            raise RowRefused(raw.reason)
        row = self.mapping.apply(raw.line, raw.values)
        if row.sku in seen:
            raise RowRefused(f"the SKU {row.sku!r} stands in the feed twice; the first row counts")
        seen.add(row.sku)
        return row

    def _refuse(self, line: int, sku: str, reason: str, *, is_warning: bool = False) -> None:
        self.report.refusals.append(Refusal(line, sku, reason, is_warning))

    def _write(self, batch: list[ProductRow]) -> None:
        if not batch:
            return
        if self.report.is_dry_run:
            self._foresee(batch)
            return
        if self.images:
            self.images.store_all(name for row in batch for name in row.images)
        try:
            self.report.add(write_batch(batch, self.taxonomy, self._images))
        except (RowRefused, IntegrityError, DataError) as error:
            self.taxonomy.forget()
            if len(batch) == 1:
                self._refuse(batch[0].line, batch[0].sku, in_words(error))
                return
            middle = len(batch) // 2
            self._write(batch[:middle])
            self._write(batch[middle:])

    def _foresee(self, batch: list[ProductRow]) -> None:
        skus = [row.sku for row in batch]
        known = session().scalar(
            sa.select(sa.func.count()).where(Product.sku.in_(skus), Product.deleted_at.is_(None))
        )
        self.report.updated += known or 0
        self.report.created += len(batch) - (known or 0)

    def _images(self, row: ProductRow) -> list[dict[str, Any]]:
        stored = []
        for name in row.images if self.images else []:
            picture = self.images.stored(name) if self.images else ""
            if isinstance(picture, StoredPicture):
                stored.append({**asdict(picture), "alt": row.name})
            else:
                self._refuse(row.line, row.sku, picture, is_warning=True)
        return stored


def _write_refusals(report: ImportReport, folder: Path) -> Path:
    rows = (
        (refusal.line, refusal.sku, "warning" if refusal.is_warning else "refused", refusal.reason)
        for refusal in report.refusals
    )
    return write_refusals(folder, report.run_id, ("line", "sku", "kind", "reason"), rows)
