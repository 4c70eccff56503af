"""What every import shares: one at a time, a record of the run, the file of what was refused, errors in words."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storefront.catalog.models import ImportRun
from storefront.core.cache_changes import forget_after_commit
from storefront.core.clock import now
from storefront.core.db import session, transaction

_LOCK = 7_301_001
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


class ImportRunning(RuntimeError):
    """Another import is at work on this database."""


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """An advisory lock on a connection of its own, freed even by ``kill -9``. Raises :class:`ImportRunning`."""
    engine = session().get_bind()
    assert isinstance(engine, sa.Engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))):
            raise ImportRunning
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))


def open_run(run_id: uuid.UUID, source: str, mapping: Mapping[str, Any]) -> None:
    """Note that an import of ``source`` begins. The lock must be held: whoever is noted as running is gone."""
    with transaction():
        session().execute(
            sa.update(ImportRun)
            .where(ImportRun.status == "running")
            .values(status="broken_off", finished_at=now())
            .execution_options(synchronize_session=False)
        )
        session().execute(
            sa.insert(ImportRun).values(id=run_id, source=source, mapping=mapping, status="running")
        )


def close_run(
    run_id: uuid.UUID, outcome: str, counts: Mapping[str, Any], error_file: Path | None = None
) -> None:
    """Note how it ended: ``finished``, ``failed`` or ``broken_off``. What pages keep of the catalog is forgotten."""
    with transaction():
        forget_after_commit()
        session().execute(
            sa.update(ImportRun)
            .where(ImportRun.id == run_id)
            .values(
                status=outcome,
                counts=counts,
                finished_at=now(),
                error_file=error_file.name if error_file else None,
            )
            .execution_options(synchronize_session=False)
        )


def write_refusals(
    folder: Path, run_id: uuid.UUID, header: Sequence[str], rows: Iterable[Sequence[str | int]]
) -> Path:
    """The list of what was left out, as CSV in ``folder``; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}-refused.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        for row in rows:
            writer.writerow([_harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return path


def in_words(error: Exception) -> str:
    """Why a row was refused, for the person who made the feed: our own words, or the database's."""
    if isinstance(error, ValueError) and not hasattr(error, "orig"):
        return str(error)
    cause = getattr(error, "orig", error)
    diagnosis = getattr(cause, "diag", None)
    text = getattr(diagnosis, "message_primary", None) or str(cause)
    detail = getattr(diagnosis, "message_detail", None)
    return f"the database refuses it: {text}" + (f" ({detail})" if detail else "")


def _harmless(cell: str) -> str:
    """The file is opened in spreadsheets: a cell out of somebody's feed must not become a formula there."""
    return f"'{cell}" if cell.startswith(_FORMULA_BEGINS) else cell
