"""One import from first to last row: batches, refusals with line and reason, a record of the run.

Products come before their variants in two passes over the file, so that a variant may stand anywhere.
A batch that the database refuses is tried again row by row: a bad row harms no other.
"""

from __future__ import annotations

import csv
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from storefront.catalog.models import ImportRun, Product
from storefront.core.cache_changes import forget_after_commit
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.journeys.catalog_import.mapping import Mapping
from storefront.journeys.catalog_import.pictures import PictureFolder, StoredPicture
from storefront.journeys.catalog_import.reading import BrokenRow, RawRow, read_feed
from storefront.journeys.catalog_import.rows import ProductRow, RowRefused
from storefront.journeys.catalog_import.writing import BatchResult, Taxonomy, write_batch
from storefront.search.services import refresh_words

BATCH_ROWS = 500
_LOCK = 7_301_001
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")
Progress = Callable[[int], None]


class ImportRunning(RuntimeError):
    """Another import is at work on this database."""


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
    with _alone():
        if not is_dry_run:
            _open_run(report, feed, mapping)
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
                _close_run(report, outcome)
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
                self._refuse(batch[0].line, batch[0].sku, _in_words(error))
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


def _in_words(error: Exception) -> str:
    if isinstance(error, RowRefused):
        return str(error)
    cause = getattr(error, "orig", error)
    diagnosis = getattr(cause, "diag", None)
    text = getattr(diagnosis, "message_primary", None) or str(cause)
    detail = getattr(diagnosis, "message_detail", None)
    return f"the database refuses it: {text}" + (f" ({detail})" if detail else "")


class _alone:
    """One import at a time: an advisory lock on a connection of its own, freed even by ``kill -9``."""

    def __enter__(self) -> None:
        engine = session().get_bind()
        assert isinstance(engine, sa.Engine)
        self.connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not self.connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))):
            self.connection.close()
            raise ImportRunning

    def __exit__(self, *_error: object) -> None:
        self.connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
        self.connection.close()


def _open_run(report: ImportReport, feed: Path, mapping: Mapping) -> None:
    with transaction():
        session().execute(
            sa.update(ImportRun)
            .where(ImportRun.status == "running")  # whoever wrote that is gone: we hold the lock
            .values(status="broken_off", finished_at=now())
            .execution_options(synchronize_session=False)
        )
        session().execute(
            sa.insert(ImportRun).values(
                id=report.run_id, source=feed.name, mapping=mapping.model_dump(mode="json"), status="running"
            )
        )


def _close_run(report: ImportReport, outcome: str) -> None:
    with transaction():
        forget_after_commit()
        session().execute(
            sa.update(ImportRun)
            .where(ImportRun.id == report.run_id)
            .values(
                status=outcome,
                counts=report.counts(),
                finished_at=now(),
                error_file=report.error_file.name if report.error_file else None,
            )
            .execution_options(synchronize_session=False)
        )


def _write_refusals(report: ImportReport, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.run_id}-refused.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["line", "sku", "kind", "reason"])
        for refusal in report.refusals:
            kind = "warning" if refusal.is_warning else "refused"
            writer.writerow([refusal.line, _harmless(refusal.sku), kind, _harmless(refusal.reason)])
    return path


def _harmless(cell: str) -> str:
    """The file is opened in spreadsheets: a cell out of somebody's feed must not become a formula there."""
    return f"'{cell}" if cell.startswith(_FORMULA_BEGINS) else cell
