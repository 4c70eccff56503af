"""One process under the supervisor: started in a group of its own, restarted with growing pauses."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A child that ran this long starts with the shortest pause again."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: its name for people, its command line, and the file its output goes to."""

    name: str
    command: tuple[str, ...]
    log: Path


def adopt_orphans() -> None:
    """Let processes whose parent died become ours instead of the system's (Linux), so that none is left."""
    if _LIBC is not None:
        _LIBC.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _prepare_child(parent: int) -> None:
    """Between fork and exec: die with the supervisor, even when that is killed with ``kill -9``."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if _LIBC is not None:
        _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


@dataclass(slots=True)
class Child:
    """A program and its process. Times are of the monotonic clock, in seconds."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float | None = None
    pause: float = field(default=FIRST_PAUSE_SECONDS)

    def start(self, environment: Mapping[str, str], folder: Path) -> None:
        """Start the process. Only the supervisor's main thread may: children die with their thread."""
        parent = os.getpid()
        self.program.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.program.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=lambda: _prepare_child(parent),
            )
        self.started_at, self.due_at = time.monotonic(), None

    def has_ended(self) -> int | None:
        """The exit code of a process that just ended (negative: by that signal), else None."""
        return None if self.process is None else self.process.poll()

    def schedule_restart(self) -> float:
        """Forget the ended process and plan the next start; returns the pause in seconds."""
        now = time.monotonic()
        if now - self.started_at >= STEADY_SECONDS:
            self.pause = FIRST_PAUSE_SECONDS
        pause = self.pause
        self.send_to_group(signal.SIGKILL)
        self.process, self.due_at = None, now + pause
        self.pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return pause

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Signal everything the process started, and the process."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
