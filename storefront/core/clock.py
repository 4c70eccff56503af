"""The one place that reads the wall clock, so that a test can hold it still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The current moment, timezone-aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def frozen(moment: datetime) -> Iterator[datetime]:
    """Hold the clock at ``moment`` (timezone-aware) for the length of the block."""
    token = _frozen.set(moment)
    try:
        yield moment
    finally:
        _frozen.reset(token)
