"""A service that has just failed is left alone for a moment: not every page waits for it in vain."""

from __future__ import annotations

import time
from collections.abc import Callable

REST_SECONDS = 5.0


class Rest:
    """The moment in which somebody is not asked. One for each client; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, seconds: float = REST_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until = float("-inf")

    def begin(self) -> None:
        """Ask nobody for some seconds from now."""
        self._until = self._clock() + self._seconds

    @property
    def is_on(self) -> bool:
        """Whether it is still too early to ask."""
        return self._clock() < self._until
