"""Processor time: what some processes took, and what everybody else on the machine took meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence

import psutil

_IDLE_SHARE = 0.05
_LOOK_SECONDS = 0.2

Family = Callable[[], Sequence[psutil.Process]]
"""The processes of a server as they are now: the main one first, then those that it started."""


def family_of(pid: int) -> Family:
    """A process and all that descend from it."""

    def now() -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(pid)
            return [main, *main.children(recursive=True)]
        return []

    return now


def seconds(families: Iterable[Family]) -> float:
    """User and system time of the families so far, of their ended processes too, in seconds."""
    total = 0.0
    for family in families:
        for one in family():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                times = one.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def machine_seconds() -> float:
    """Time that the machine's processors were busy so far, in seconds; what a host took away counts."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


def wait_until_idle(families: Sequence[Family], patience: float = 20.0) -> None:
    """Wait until the families take less than a twentieth of a processor: nobody works on what was abandoned."""
    deadline = time.monotonic() + patience
    before = seconds(families)
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        after = seconds(families)
        if after - before < _IDLE_SHARE * _LOOK_SECONDS + 0.011:
            return
        before = after
