"""Keeps a handful of processes running until it is told to stop, and leaves none behind.

Runs in the main thread of ``flask up``: it sleeps until a signal comes (a child ended, somebody wants to stop),
a restart is due, or it is time to look after the servers.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType, TracebackType

import psutil

from storefront.cli.children import Child, Program, adopt_orphans

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
# Asked to end, then told to drop what they are doing, then killed: seconds after the stop began.
_ESCALATION = ((0.0, signal.SIGTERM), (2.5, signal.SIGQUIT), (5.0, signal.SIGKILL))

# Make and a terminal may both pass on one and the same wish to stop.
_SAME_WISH_SECONDS = 0.5


class ChildFailed(Exception):
    """A program ended before the shop was ready. ``str()`` names it and its log."""


class Supervisor:
    """Starts programs, restarts those that end, stops all of them together. Use as a context manager."""

    def __init__(
        self,
        *,
        folder: Path,
        environment: Mapping[str, str],
        tell: Callable[[str], None],
        upkeep: Callable[[], None],
        upkeep_seconds: float = 5.0,
    ) -> None:
        self._children: list[Child] = []
        self._folder = folder
        self._environment = environment
        self._tell = tell
        self._upkeep = upkeep
        self._upkeep_seconds = upkeep_seconds
        self._selector = selectors.DefaultSelector()
        self._stop_asked = 0

    def __enter__(self) -> Supervisor:
        """Listen for signals; nothing runs yet."""
        adopt_orphans()
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.setblocking(False)
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, self._noticed)
        self._selector.register(self._reading, selectors.EVENT_READ)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, whatever happened."""
        self._stop_all()
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._reading.close()
        self._writing.close()

    def start(self, program: Program) -> None:
        """Start one more program and keep it running."""
        child = Child(program)
        self._children.append(child)
        child.start(self._environment, self._folder)

    @property
    def stopping(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop_asked > 0

    def wait_until(self, ready: Callable[[], bool], within: float) -> bool:
        """Wait up to ``within`` seconds for ``ready``; False when the time is over or a stop is asked.

        Raises :class:`ChildFailed` when a program ends meanwhile.
        """
        deadline = time.monotonic() + within
        while not self.stopping and time.monotonic() < deadline:
            if ready():
                return True
            self._sleep(0.05)
            for child in self._children:
                code = child.has_ended()
                if code is not None:
                    raise ChildFailed(f"{child.program.name} ended ({code}); look into {child.program.log}.")
        return False

    def watch(self) -> None:
        """Keep the programs running until somebody asks to stop."""
        upkeep_at = time.monotonic() + self._upkeep_seconds
        while not self.stopping:
            due = [child.due_at for child in self._children if child.due_at is not None]
            self._sleep(max(0.0, min([*due, upkeep_at]) - time.monotonic()))
            if self.stopping:
                break
            self._restart()
            _reap_adopted({child.process.pid for child in self._children if child.process})
            if time.monotonic() >= upkeep_at:
                self._upkeep()
                upkeep_at = time.monotonic() + self._upkeep_seconds

    def _restart(self) -> None:
        for child in self._children:
            code = child.has_ended()
            if code is not None:
                pause = child.schedule_restart()
                self._tell(
                    f"{child.program.name} ended ({code}) and starts again in {pause:.0f} s;"
                    f" look into {child.program.log}."
                )
            elif child.due_at is not None and child.due_at <= time.monotonic():
                child.start(self._environment, self._folder)

    def _stop_all(self) -> None:
        asked_before = self._stop_asked
        running = [
            child for child in self._children if child.process is not None and child.has_ended() is None
        ]
        begun = time.monotonic()
        steps = list(_ESCALATION)
        while running:
            passed = time.monotonic() - begun
            if passed < _SAME_WISH_SECONDS:
                asked_before = self._stop_asked
            elif self._stop_asked > asked_before and steps:
                steps = [(passed, signal.SIGKILL)]  # asked again: no more patience
            if steps and passed >= steps[0][0]:
                for child in running:
                    child.send(steps[0][1])
                steps.pop(0)
            self._sleep(0.05)
            running = [child for child in running if child.has_ended() is None]
        for child in self._children:
            child.send_to_group(signal.SIGKILL)
        _reap_adopted(set())

    def _noticed(self, number: int, _frame: FrameType | None) -> None:
        if number in _STOPPING:
            self._stop_asked += 1

    def _sleep(self, seconds: float) -> None:
        """Until a signal comes or the time is over."""
        if self._selector.select(seconds):
            with contextlib.suppress(BlockingIOError):
                while self._reading.recv(64):
                    continue


def _reap_adopted(known: set[int]) -> None:
    """Collect dead processes that became ours because their parent died."""
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
            if process.pid not in known and process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)
