"""The supervisor alone, with small programs: order of signals, growing pauses, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from storefront.cli.children import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Child, Program

ROOT = Path(__file__).parents[3]
_SUPERVISE = """
import sys
from pathlib import Path
from storefront.cli.children import Program
from storefront.cli.supervisor import Supervisor
folder = Path(sys.argv[1])
program = Program("The program", (sys.executable, "-c", sys.argv[2]), folder / "log")
supervisor = Supervisor(
    folder=folder, environment={}, tell=lambda sentence: print(sentence, flush=True), upkeep=lambda: None
)
with supervisor:
    supervisor.start(program)
    (folder / "started").touch()
    supervisor.watch()
"""


def supervise(folder: Path, program: str) -> subprocess.Popen[str]:
    """A supervisor in a process of its own, running one Python program."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISE, str(folder), program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    # Not read from what it says: a line read ahead would be missing from what communicate() returns.
    wait_for(folder / "started")
    return process


def wait_for(path: Path) -> None:
    """Until the program has written its file."""
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.02)


def _has_ended(process: psutil.Process) -> bool:
    """Also where the machine's first process has not yet asked how it ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_program_that_ignores_sigterm_and_its_child_are_ended_all_the_same(tmp_path: Path) -> None:
    stubborn = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        "pathlib.Path('child.part').write_text(str(child.pid))\n"
        "pathlib.Path('child.part').rename('child')\n"
        "time.sleep(100)"
    )
    process = supervise(tmp_path, stubborn)
    wait_for(tmp_path / "child")
    grandchild = psutil.Process(int((tmp_path / "child").read_text()))
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert 2 < time.monotonic() - begun < 10
    assert _has_ended(grandchild)


def test_asking_twice_ends_at_once(tmp_path: Path) -> None:
    process = supervise(
        tmp_path,
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGQUIT, signal.SIG_IGN)\n"
        "pathlib.Path('ready').touch()\n"
        "time.sleep(100)",
    )
    wait_for(tmp_path / "ready")
    begun = time.monotonic()
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.7)
    process.communicate(timeout=20)
    assert time.monotonic() - begun < 2.4


def test_a_program_that_ends_is_started_again(tmp_path: Path) -> None:
    count = (
        "import pathlib\n"
        "n = len(list(pathlib.Path('.').glob('run*')))\n"
        "pathlib.Path(f'run{n}').touch()\n"
        "raise SystemExit(3)"
    )
    process = supervise(tmp_path, count)
    wait_for(tmp_path / "run1")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert "The program ended (3) and starts again in 1 s; look into" in output


def test_pauses_grow_to_a_limit_and_shrink_after_a_steady_run(tmp_path: Path) -> None:
    child = Child(Program("The program", (sys.executable, "-c", ""), tmp_path / "log"))
    pauses = []
    for _ in range(8):
        child.started_at = time.monotonic()
        pauses.append(child.schedule_restart())
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert pauses[0] == FIRST_PAUSE_SECONDS
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    child.started_at = time.monotonic() - 3_600
    assert child.schedule_restart() == FIRST_PAUSE_SECONDS


def test_a_child_dies_with_its_supervisor(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells children that their parent died")
    process = supervise(
        tmp_path,
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(100)",
    )
    wait_for(tmp_path / "pid")
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    assert child.ppid() == process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    child.wait(timeout=10)
    assert not child.is_running()
