"""The real stack for browser tests: ``flask up`` on a copy of a small seeded database."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storefront.core.database_roles import DatabaseUrls
from storefront.core.settings import ROOT
from tests import servers

SEEDED = "shop_seeded"
START_SECONDS = 90.0
STOP_SECONDS = 15.0
FIRST_REDIS_NUMBER = 32
"""Numbers below belong to the workers' other tests."""


@dataclass(frozen=True, slots=True)
class Staff:
    """The account that the first start made."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop."""

    url: str
    instance: Path
    staff: Staff

    def log(self) -> str:
        """What its processes have said."""
        return "\n".join(path.read_text() for path in sorted((self.instance / "logs").glob("*.log")))


@contextmanager
def running_shop(databases: servers.TestDatabases, worker: int, folder: Path) -> Iterator[Shop]:
    """A shop of this worker's own, with data in ``folder``; stopped with everything it started."""
    seeded = _ensure_seeded(databases)
    name = f"browser_{worker}"
    urls = databases.copied(SEEDED, name)
    # Pictures never change: a second name for the same file is as good as a copy.
    shutil.copytree(seeded / "media", folder / "media", copy_function=os.link)
    with servers.reserve_port() as reserved:
        port = reserved.getsockname()[1]
        settings = _environment(databases, urls, folder, FIRST_REDIS_NUMBER + worker) | {"PORT": str(port)}
        output = folder / "up.out"
        process = _start(settings, output)
        try:
            yield _opened(process, output, folder, f"http://127.0.0.1:{port}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)
            databases.drop(name)


def _start(environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "up", "--no-demo"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )


def _opened(process: subprocess.Popen[bytes], output: Path, folder: Path, url: str) -> Shop:
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl-C stops everything" not in (said := output.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the shop did not open: {said}")
        time.sleep(0.05)
    found = re.search(r"(\S+@\S+) +password (\S+)", said)
    if found is None:
        raise RuntimeError(f"no staff sign-in was printed: {said}")
    return Shop(url, folder, Staff(*found.groups()))


def _environment(
    databases: servers.TestDatabases, urls: DatabaseUrls, instance: Path, redis_number: int
) -> dict[str, str]:
    redis_url = databases.services.redis_url.replace("db=0", f"db={redis_number}")
    return dict(
        os.environ,
        ENVIRONMENT="development",
        SECRET_KEY=servers.SECRET_KEY,
        INSTANCE_DIR=str(instance),
        DATABASE_URL=urls.app,
        DATABASE_OWNER_URL=urls.owner,
        DATABASE_SHOPPER_URL=urls.shopper,
        REDIS_URL=redis_url,
        WEB_WORKERS="1",
        # Everybody in these tests comes from one address.
        RATE_LIMIT_SIGN_IN="1000/minute",
        RATE_LIMIT_CHAT="1000/minute",
        RATE_LIMIT_LOOKUP="1000/minute",
        COLUMNS="200",
    )


def _ensure_seeded(databases: servers.TestDatabases) -> Path:
    """The folder of the seeded shop whose database is :data:`SEEDED`; made by the first worker that asks."""
    folder = servers.run_folder() / "seeded"
    folder.mkdir(exist_ok=True)
    with (servers.run_folder() / "seeded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder / "ready"
        if not ready.exists():
            urls = databases.migrated(SEEDED)
            made = subprocess.run(
                [sys.executable, "-m", "tests.browser.small_shop"],
                cwd=ROOT,
                env=_environment(databases, urls, folder, FIRST_REDIS_NUMBER - 1),
                capture_output=True,
                text=True,
            )
            if made.returncode != 0:
                databases.drop(SEEDED)
                raise RuntimeError(f"the small shop could not be seeded: {made.stderr or made.stdout}")
            ready.touch()
    return folder
