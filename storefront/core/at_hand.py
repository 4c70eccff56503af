"""What a process has read, for the next time: neither asked for nor unpacked again as long as it stands.

A process learns once a second what was forgotten meanwhile (:meth:`Forgotten.follow`). What others changed is so
seen a second later at most, however long a value stays at hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from cachetools import LRUCache

SECONDS = 1.0
"""For how long a process takes it that nothing more was forgotten."""

_NEVER = float("-inf")
V = TypeVar("V")


class Stamp(NamedTuple):
    """What decides whether a value stands: when its making began (microseconds of the server's clock), until when it is
    fresh (seconds of the wall clock), and the slots in which the forgetting of its tags is noted."""

    began: int
    fresh_until: float
    slots: tuple[int, ...]


class Forgotten:
    """When each slot was forgotten last, as far as this process knows. In microseconds of the server's clock."""

    def __init__(self, look: Callable[[], object]) -> None:
        """``look`` asks what was forgotten since :attr:`since`, and has it learnt (:meth:`learn`)."""
        self.since = 0
        self._look = look
        self._moments: dict[int, int] = {}
        self._looked = _NEVER

    def follow(self) -> None:
        """Learn what was forgotten, unless that was asked within :data:`SECONDS`. Raises :class:`redis.RedisError`.

        One looks for all, and nobody waits for them, but who knows nothing yet looks too: no lock is held over a look.
        """
        started = time.monotonic()
        if self.since and started - self._looked < SECONDS:
            return
        self._looked = started  # before the look: whoever wants another one meanwhile gets it
        try:
            self._look()
        except BaseException:
            self._looked = _NEVER
            raise

    def look_again(self) -> None:
        """Ask with the next use, however short a time ago somebody looked."""
        self._looked = _NEVER

    def begin_anew(self) -> None:
        """The server was emptied: it knows nothing of what was forgotten before."""
        self._moments.clear()
        self.since = 0

    def learn(self, moments: Mapping[int, int], until: int | None = None) -> None:
        """These slots were forgotten at these moments; all that were ``until`` then are known now."""
        if until is not None:
            self.since = max(self.since, until)
        known = self._moments
        for slot, moment in moments.items():
            known[slot] = max(moment, known.get(slot, 0))

    def stands(self, stamp: Stamp) -> bool:
        """Whether nothing that the value was made of was forgotten since its making began."""
        known = self._moments
        return all(known.get(slot, 0) < stamp.began for slot in stamp.slots)


class AtHand(Generic[V]):
    """Values by name with their stamps; of more than ``most`` the one that was not asked for longest goes."""

    def __init__(self, most: int) -> None:
        self._kept: LRUCache[Hashable, tuple[Stamp, V]] = LRUCache(most)
        self._lock = Lock()

    def get(self, name: Hashable) -> tuple[Stamp, V] | None:
        """The value of that name with its stamp."""
        with self._lock:
            found: tuple[Stamp, V] | None = self._kept.get(name)
            return found

    def put(self, name: Hashable, stamp: Stamp, value: V) -> V:
        """Have ``value`` at hand from now on; returns it."""
        with self._lock:
            self._kept[name] = (stamp, value)
        return value

    def clear(self) -> None:
        """Put everything away."""
        with self._lock:
            self._kept.clear()
