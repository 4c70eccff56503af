"""What a process has just read, for the next moment: neither asked for nor unpacked again."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Any

SECONDS = 1.0
"""How long a process answers with what it has at hand. What others changed meanwhile is seen afterwards."""

MOST = 4_000
"""Values at most; beyond that all that is there is put away."""

NOTHING = object()


class AtHand:
    """Values by name. Threads may use it together: the worst that happens is that something is read twice."""

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[float, Any]] = {}

    def get(self, name: Hashable) -> Any:
        """The value of that name, :data:`NOTHING` where there is none or its moment is over."""
        found = self._values.get(name)
        if found is None or time.monotonic() > found[0]:
            return NOTHING
        return found[1]

    def put(self, name: Hashable, value: Any) -> None:
        """Have ``value`` at hand from now on."""
        if len(self._values) >= MOST:
            self._values.clear()
        self._values[name] = (time.monotonic() + SECONDS, value)

    def clear(self) -> None:
        """Put everything away."""
        self._values.clear()
