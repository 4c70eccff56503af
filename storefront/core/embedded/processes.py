"""Looking at, waiting for and ending server processes, our own children or not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

# A Popen object that is collected while its process runs warns; a server outlives the call that started it.
_children: dict[int, subprocess.Popen[bytes]] = {}

GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


def launch(
    command: list[str], *, log: Path, environment: Mapping[str, str], **arguments: Any
) -> psutil.Process:
    """Start a server in a session of its own (a terminal's Ctrl-C passes it by), writing to ``log``."""
    for pid in [pid for pid, earlier in _children.items() if earlier.poll() is not None]:
        del _children[pid]
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            **arguments,
        )
    _children[child.pid] = child
    return psutil.Process(child.pid)


def clean_environment() -> dict[str, str]:
    """The environment without what would steer PostgreSQL's programs behind our back."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def process(pid: int) -> psutil.Process | None:
    """The running process with this id, or None when there is none (a zombie counts as none)."""
    try:
        found = psutil.Process(pid)
        return None if found.status() == psutil.STATUS_ZOMBIE else found
    except psutil.NoSuchProcess:
        return None


def ended(candidate: psutil.Process, within: float) -> bool:
    """Wait up to ``within`` seconds for the process to end; whether it did.

    A dead child that its parent has not noticed yet (a zombie) has ended.
    """
    deadline = time.monotonic() + within
    while True:
        remaining = deadline - time.monotonic()
        try:
            candidate.wait(timeout=max(0.0, min(remaining, 0.1)))
            break
        except psutil.TimeoutExpired:
            if process(candidate.pid) is None:
                break
            if remaining <= 0.1:
                return False
    child = _children.pop(candidate.pid, None)
    if child is not None:
        child.wait()
    return True


def works_in(candidate: psutil.Process, folder: Path, program: str) -> bool:
    """Whether this is ``program`` with ``folder`` as its working folder or named as an argument.

    A server's children rewrite their command line, and a deleted folder shows as ``... (deleted)``: hence both.
    """
    with contextlib.suppress(*GONE, psutil.AccessDenied):
        if candidate.name().startswith(program):
            place = candidate.cwd().removesuffix(" (deleted)")
            return place == str(folder) or str(folder) in candidate.cmdline()
    return False


def working_in(folder: Path, program: str) -> list[psutil.Process]:
    """All processes for which :func:`works_in` holds, oldest first."""
    return [candidate for candidate in psutil.process_iter() if works_in(candidate, folder, program)]


def send(candidate: psutil.Process, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already is no error."""
    with contextlib.suppress(*GONE):
        candidate.send_signal(number)


def kill(candidates: Iterable[psutil.Process]) -> None:
    """End processes without asking, and wait until they are gone."""
    condemned = list(candidates)
    for candidate in condemned:
        send(candidate, signal.SIGKILL)
    for candidate in condemned:
        ended(candidate, within=5)


def last_words(log: Path) -> str:
    """The end of a log, in one line, for an error message."""
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return " / ".join(lines[-3:])
    return "nothing was logged"


def keep_small(log: Path, limit: int = 10_000_000) -> None:
    """Put a log of more than ``limit`` bytes aside (one older generation is kept)."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > limit:
            log.replace(log.with_suffix(".log.1"))
