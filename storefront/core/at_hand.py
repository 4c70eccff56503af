"""What a process has just read, for the next moment: neither asked for nor unpacked again.

Small values (:meth:`AtHand.get`) are at hand for :data:`SECONDS`. What takes long to unpack stays at hand as long as it
stands, and with it whatever is made of it (:meth:`AtHand.standing`): every :data:`SECONDS` the process looks again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

SECONDS = 1.0
"""How long a process answers with what it has at hand. What others changed meanwhile is seen afterwards."""

MOST = 2_000
MOST_STANDING = 128
NOTHING: Any = object()
E = TypeVar("E")


class _Standing(Generic[E]):
    """A value with the entry that it was read from, and when somebody last saw that it stands."""

    __slots__ = ("entry", "seen", "value")

    def __init__(self, entry: E, value: Any) -> None:
        self.entry = entry
        self.value = value
        self.seen = time.monotonic()


class AtHand(Generic[E]):
    """Values by name; of too many the one that was not asked for longest goes."""

    def __init__(self) -> None:
        self._values: LRUCache[Hashable, tuple[float, Any]] = LRUCache(MOST)
        self._standing: LRUCache[Hashable, _Standing[E]] = LRUCache(MOST_STANDING)
        self._lock = Lock()

    def get(self, name: Hashable) -> Any:
        """The value of that name, :data:`NOTHING` where there is none or its moment is over."""
        with self._lock:
            found = self._values.get(name)
        return NOTHING if found is None or time.monotonic() > found[0] else found[1]

    def put(self, name: Hashable, value: Any) -> None:
        """Have ``value`` at hand for a moment."""
        with self._lock:
            self._values[name] = (time.monotonic() + SECONDS, value)

    def standing(self, name: Hashable, stands: Callable[[E], bool]) -> Any:
        """The value of that name, :data:`NOTHING` where there is none or ``stands`` says that its time is over."""
        with self._lock:
            found = self._standing.get(name)
        if found is None:
            return NOTHING
        if time.monotonic() - found.seen > SECONDS:
            if not stands(found.entry):
                return NOTHING
            found.seen = time.monotonic()
        return found.value

    def put_standing(self, name: Hashable, entry: E, value: Any) -> None:
        """Have ``value`` at hand for as long as ``entry`` stands."""
        with self._lock:
            self._standing[name] = _Standing(entry, value)

    def clear(self) -> None:
        """Put everything away."""
        with self._lock:
            self._values.clear()
            self._standing.clear()
