"""Where a piece of work comes from: bound once per request or job, read by whoever leaves a trace."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """The request behind a write. ``started`` is a reading of the performance counter, in seconds."""

    request_id: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    started: float = field(default_factory=time.perf_counter)

    def milliseconds(self) -> int:
        """How long the work has been running."""
        return round((time.perf_counter() - self.started) * 1000)


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def set_origin(origin: Origin | None) -> None:
    """Bind the origin of what happens next in this context; None unbinds it."""
    _origin.set(origin)


def current_origin() -> Origin | None:
    """The origin that was bound last; None on the command line."""
    return _origin.get()
