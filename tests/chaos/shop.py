"""The shop that is tormented: ``flask up`` as ``make run`` starts it, with servers, data and port of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import redis
from flask import Flask
from psycopg import pq

from storefront.core.embedded import leave, processes
from storefront.core.embedded.account import unprivileged_account
from storefront.core.embedded.folders import Folders, folders_for
from storefront.core.embedded.postgres import PostgresServer
from storefront.core.embedded.valkey import ValkeyServer
from storefront.core.services import DATABASE_NAME, with_services
from storefront.core.settings import ROOT
from storefront.core.settings_reading import load_settings
from tests.servers import reserve_port
from tests.stripe_server import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, StripeServer

_START_SECONDS, _STOP_SECONDS = 120.0, 30.0
WEB_WORKERS = 2


@dataclass
class Shop:
    """A running shop in ``folder``."""

    folder: Path
    url: str
    environment: dict[str, str]
    process: psutil.Process

    def __post_init__(self) -> None:
        """Where its servers are."""
        account = unprivileged_account()
        folders: Folders = folders_for(self.folder, account)
        self._postgres = PostgresServer(folders.postgres, folders.sockets, account)
        self._valkey = ValkeyServer(folders.valkey, folders.sockets)

    @property
    def database(self) -> str:
        """The superuser's address of the shop's database, for libpq."""
        return self._postgres.url.replace("/postgres?", f"/{DATABASE_NAME}?")

    def members(self, role: str) -> list[psutil.Process]:
        """The living processes that do this part of the work."""
        with suppress(psutil.NoSuchProcess):
            return [one for one in self._candidates(role) if _lives(one)]
        return []

    def _candidates(self, role: str) -> list[psutil.Process]:
        match role:
            case "web server":
                return self._programs("gunicorn")
            case "web worker":
                return [child for one in self._programs("gunicorn") for child in one.children()]
            case "jobs worker":
                return self._programs("jobs@%h")
            case "schedule":
                return self._programs("storefront.jobs.timetable:celery")
            case "job process":
                return [child for one in self._programs("jobs@%h") for child in one.children()]
            case "PostgreSQL":
                found = processes.working_in(self._postgres.data, "postgres")
                pids = {one.pid for one in found}
                return [one for one in found if one.ppid() not in pids]
            case "PostgreSQL connection":
                found = processes.working_in(self._postgres.data, "postgres")
                return [one for one in found if " storefront" in " ".join(one.cmdline())]
            case "Valkey":
                return processes.working_in(self._valkey.home, "valkey-server")
        raise ValueError(role)

    def _programs(self, word: str) -> list[psutil.Process]:
        return [one for one in self.process.children() if _lives(one) and word in one.cmdline()]

    def answers(self, role: str) -> bool:
        """Whether whoever needs this part is served."""
        if role == "PostgreSQL":
            return self.database_answers()
        if role == "Valkey":
            with suppress(redis.RedisError), self.valkey() as client:
                return bool(client.ping())
            return False
        return role not in ("web server", "web worker") or self.is_live()

    def database_answers(self) -> bool:
        """Whether PostgreSQL takes connections."""
        return pq.PGconn.ping(f"{self.database}&connect_timeout=2".encode()) == pq.Ping.OK

    def valkey(self) -> redis.Redis:
        """A connection to the shop's Valkey."""
        return redis.Redis.from_url(self._valkey.url, socket_timeout=2)

    def is_live(self) -> bool:
        """Whether the web server answers."""
        return self._health("live") is not None

    def is_ready(self) -> bool:
        """Whether pages can be served, with PostgreSQL and Valkey at hand."""
        return self._health("ready") == {"database": "ok", "redis": "ok"}

    def _health(self, what: str) -> dict[str, Any] | None:
        address = f"{self.url}/health/{what}"
        with suppress(OSError, ValueError), urllib.request.urlopen(address, timeout=3) as response:
            found: dict[str, Any] = json.loads(response.read())
            return found
        return None

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this shop."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def log(self) -> str:
        """What all its processes have said."""
        return "\n".join(
            path.read_text(errors="replace") for path in sorted((self.folder / "logs").glob("*"))
        )


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_shop(folder: Path, stripe: StripeServer) -> Iterator[Shop]:
    """A shop without products that takes cards by ``stripe``, told of payments by it; stopped with all it started."""
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
    environment = dict(
        os.environ,
        INSTANCE_DIR=str(folder),
        PORT=str(port),
        WEB_WORKERS=str(WEB_WORKERS),
        EMBEDDINGS_BACKEND="off",
        RATE_LIMIT_LOOKUP="100000/minute",
        RESERVATION_MINUTES="1",
        RECONCILE_MINUTES="1",
        STRIPE_SECRET_KEY=SECRET_KEY,
        STRIPE_PUBLISHABLE_KEY=PUBLISHABLE_KEY,
        STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
        STRIPE_API_BASE=stripe.url,
        STRIPE_SCRIPT_BASE=stripe.url,
        COLUMNS="200",
    )
    folder.mkdir(parents=True)
    output = folder.with_suffix(".out")
    with output.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "up", "--no-demo"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_open(process, output)
        url = f"http://127.0.0.1:{port}"
        stripe.send_webhooks_to(f"{url}/webhooks/stripe")
        yield Shop(folder, url, environment, psutil.Process(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_STOP_SECONDS)


def _wait_until_open(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while "is open" not in (said := output.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the shop did not open: {said}")
        time.sleep(0.05)


@contextmanager
def inside(shop: Shop) -> Iterator[Flask]:
    """The shop's application in this process, its context pushed: to fill the shop, and to look at its books."""
    from storefront import create_app
    from storefront.core.db import db

    settings = load_settings(
        instance_dir=shop.folder,
        log_level="ERROR",
        **{
            name.lower(): shop.environment[name]
            for name in shop.environment
            if name.startswith(("STRIPE_", "RESERVATION_", "RECONCILE_", "EMBEDDINGS_BACKEND"))
        },
    )
    built = create_app(with_services(settings))
    try:
        with built.app_context():
            yield built
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
    finally:
        leave(shop.folder)
