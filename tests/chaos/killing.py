"""Ends parts of a running shop with SIGKILL at random moments, and takes the time until they are back."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from tests.chaos.shop import WEB_WORKERS, Shop

ROLES = {
    "web worker": 6,
    "web server": 1,
    "job process": 3,
    "jobs worker": 1,
    "schedule": 1,
    "PostgreSQL": 3,
    "PostgreSQL connection": 3,
    "Valkey": 3,
}
"""What is killed, and how often in comparison."""

CREW = {"web worker": WEB_WORKERS, "job process": 2}
"""How many there are of those that are more than one."""

_PAUSE_GROWS = ("web server", "jobs worker", "schedule")
STEADY_SECONDS = 62.0
"""A program that ends sooner is started later each time (``storefront.cli.children``): that is not what we look at."""
LONGEST_RECOVERY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Kill:
    """One part that was killed. ``recovered_after`` in seconds; None when it did not come back."""

    role: str
    recovered_after: float | None


@dataclass
class Killer:
    """Kills ``count`` times, ``every`` seconds on average; ``chance`` decides what and when."""

    shop: Shop
    chance: random.Random
    count: int
    every: float
    done: list[Kill] = field(default_factory=list)

    def run(self) -> None:
        """Kill, and return when everything is back."""
        watching: list[threading.Thread] = []
        for role in self._plan():
            time.sleep(self.chance.uniform(0.1, 2 * self.every))
            victim = self.chance.choice(self._members(role))
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
            watching.append(threading.Thread(target=self._watch, args=(role, victim)))
            watching[-1].start()
        for watch in watching:
            watch.join()

    def _plan(self) -> Iterator[str]:
        """Each of them once, in any order, then by weight, until enough were killed."""
        first = list(ROLES)
        self.chance.shuffle(first)
        killed_at: dict[str, float] = {}
        for _kill in range(self.count):
            role = first.pop() if first else self._drawn(killed_at)
            killed_at[role] = time.monotonic()
            yield role

    def _drawn(self, killed_at: dict[str, float]) -> str:
        """One that is there: whatever is on its way back at the moment is left alone."""
        weights = {
            role: weight
            for role, weight in ROLES.items()
            if not (role in _PAUSE_GROWS and _seconds_since(killed_at.get(role)) < STEADY_SECONDS)
            and self.shop.members(role)
        }
        return self.chance.choices(list(weights), list(weights.values()))[0] if weights else "web worker"

    def _members(self, role: str) -> list[psutil.Process]:
        """Who can be killed. Where it is on its way back from the last time, that is waited for."""
        deadline = time.monotonic() + LONGEST_RECOVERY_SECONDS
        while time.monotonic() < deadline:
            if members := self.shop.members(role):
                return members
            time.sleep(0.02)
        raise RuntimeError(f"The {role} did not come back within {LONGEST_RECOVERY_SECONDS} seconds.")

    def _watch(self, role: str, victim: psutil.Process) -> None:
        begun = time.monotonic()
        is_back = self._is_back(role, victim)
        while not is_back() and time.monotonic() - begun < LONGEST_RECOVERY_SECONDS:
            time.sleep(0.05)
        took = time.monotonic() - begun
        self.done.append(Kill(role, took if took < LONGEST_RECOVERY_SECONDS else None))

    def _is_back(self, role: str, victim: psutil.Process) -> Callable[[], bool]:
        """The killed one is gone, as many as there should be do its work, and whoever needs it is answered."""

        def look() -> bool:
            members = self.shop.members(role)
            if victim in members:
                return False
            if role == "PostgreSQL connection":  # they come and go; what counts is that new ones are let in
                return self.shop.database_answers()
            return len(members) >= CREW.get(role, 1) and self.shop.answers(role)

        return look


def _seconds_since(moment: float | None) -> float:
    return STEADY_SECONDS if moment is None else time.monotonic() - moment
