"""``flask up``: the whole shop under one supervisor, from nothing if need be."""

from __future__ import annotations

import fcntl
import http.client
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import with_appcontext
from rich.console import Console

from storefront.accounts import queries, services
from storefront.cli.children import Program
from storefront.cli.seed import seed
from storefront.cli.supervisor import ChildFailed, Supervisor
from storefront.core import embedded
from storefront.core.database_roles import DatabaseUrls
from storefront.core.db import db
from storefront.core.queues import CHAT_QUEUE, JOBS_QUEUE
from storefront.core.schema import is_current, upgrade
from storefront.core.settings import ROOT, Settings, current_settings

_READY_WITHIN_SECONDS = 60.0
_WORKER = "storefront.cli.web_worker.Worker"


@click.command("up")
@click.option("--demo/--no-demo", default=True, help="Fill an empty shop with the demo.")
@click.pass_context
@with_appcontext
def up(context: click.Context, demo: bool) -> None:
    """Start the shop: servers, schema, demo, web server, jobs, assistant. Ctrl-C stops everything."""
    begun = time.monotonic()
    settings = current_settings()
    console = Console(highlight=False, soft_wrap=True)
    with _only_one(settings):
        _require_free_port(settings)
        with _step(console, "Database"):
            _migrate(settings)
        if demo:
            _fill_with_demo(context, settings, console)
        sign_in = _staff_sign_in(settings)
        _let_go_of_the_database()
        _supervise(settings, console, sign_in, begun)


def web_server(settings: Settings, application: str = "wsgi:app") -> list[str]:
    """The command of the web server (``docs/decisions/web-server.md``): this shop's, or another WSGI application's."""
    gunicorn = [sys.executable, "-m", "gunicorn", application, "--bind", f"{settings.host}:{settings.port}"]
    gunicorn += ["--workers", str(settings.web_workers), "--worker-class", _WORKER]
    gunicorn += [
        "--worker-connections",
        str(settings.web_connections),
        "--graceful-timeout",
        "3",
        "--timeout",
        "60",
    ]
    return [*gunicorn, "--preload", "--no-control-socket", "--log-level", "info"]


def web_environment(settings: Settings) -> dict[str, str]:
    """The environment of the shop's programs: this one, the settings that children must agree on, and few heaps.

    By itself the C library gives each thread a heap of its own, and keeps what a large buffer (a page on its way to the
    compressor) left behind: twelve megabytes and ten of each web worker.
    """
    own = {"INSTANCE_DIR": str(settings.instance_dir), "PORT": str(settings.port)}
    return {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072", **os.environ, **own}


def programs(settings: Settings) -> list[Program]:
    """What runs under the supervisor: the web server first, the embedder, the jobs and their schedule, the
    assistant's worker."""
    logs = settings.instance_dir / "logs"
    worker = [sys.executable, "-m", "celery", "-A", "wsgi:celery", "worker", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    schedule = str(settings.instance_dir / "celery-schedule")
    beat = [sys.executable, "-m", "celery", "-A", "storefront.jobs.timetable:celery", "beat"]
    beat += ["--loglevel", "INFO", "--pidfile=", "-s", schedule]
    jobs = [*worker, "-n", "jobs@%h", "-Q", JOBS_QUEUE, "-c", "2"]
    chat = [*worker, "-n", "chat@%h", "-Q", CHAT_QUEUE, "-P", "gevent", "-c", "200"]
    embedder = (sys.executable, "-m", "flask", "--app", "wsgi", "embedder")
    local = settings.embeddings_backend == "local"
    return [
        Program("The web server", tuple(web_server(settings)), logs / "web.log"),
        *([Program("The embedder", embedder, logs / "embedder.log")] if local else []),
        Program("The jobs worker", tuple(jobs), logs / "jobs.log"),
        Program("The schedule", tuple(beat), logs / "schedule.log"),
        Program("The assistant's worker", tuple(chat), logs / "chat.log"),
    ]


def _supervise(settings: Settings, console: Console, sign_in: str, begun: float) -> None:
    def revive() -> None:
        try:
            if embedded.revive(settings.instance_dir):
                console.print("  A server had stopped and runs again")
        except embedded.EmbeddedServiceError as problem:  # the programs stay, and the next look tries again
            console.print(f"  A server had stopped. {problem}")

    web, *workers = programs(settings)
    supervisor = Supervisor(
        folder=ROOT,
        environment=web_environment(settings),
        tell=lambda sentence: console.print(f"  {sentence}"),
        upkeep=revive,
    )
    try:
        with supervisor:
            with _step(console, "Shop"):
                supervisor.start(web)
                ready = supervisor.wait_until(lambda: _answers(settings), _READY_WITHIN_SECONDS)
            if ready:
                _announce(settings, console, sign_in, time.monotonic() - begun)
                # Not before: on two cores they would make the first page wait.
                for worker in workers:
                    supervisor.start(worker)
                supervisor.watch()
                console.print("\n  Stopping")
            elif not supervisor.stopping:
                raise ChildFailed(f"The shop did not answer; look into {settings.instance_dir / 'logs'}.")
    except ChildFailed as failure:
        raise click.ClickException(str(failure)) from None
    console.print("  Stopped")


@contextmanager
def _step(console: Console, name: str) -> Iterator[None]:
    """Show what is being done, and afterwards how long it took."""
    begun = time.monotonic()
    with console.status(f"{name} …"):
        yield
    console.print(f"  {name:<10} ready after {time.monotonic() - begun:.1f} s")


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """One ``flask up`` for one INSTANCE_DIR; the second is told about the first."""
    with (settings.instance_dir / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise click.ClickException(
                f"This shop runs already ({lock.read().strip()}):"
                " use that one, or set INSTANCE_DIR and PORT for another."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {settings.base_url()}")
        lock.flush()
        yield


def _require_free_port(settings: Settings) -> None:
    try:
        with socket.create_server((settings.host, settings.port)):
            return
    except OSError as problem:
        raise click.ClickException(
            f"Port {settings.port} on {settings.host} cannot be used ({os.strerror(problem.errno or 0)}):"
            " stop what listens there, or set PORT to another number."
        ) from None


def _migrate(settings: Settings) -> None:
    assert settings.database_url
    assert settings.database_owner_url
    assert settings.database_shopper_url
    urls = DatabaseUrls(
        owner=settings.database_owner_url.get_secret_value(),
        app=settings.database_url.get_secret_value(),
        shopper=settings.database_shopper_url.get_secret_value(),
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if not is_current(urls):
        upgrade(urls)


def _fill_with_demo(context: click.Context, settings: Settings, console: Console) -> None:
    """The demo into an empty shop, or the rest of it when the last attempt was broken off."""
    from storefront.journeys.demo.seeding import is_empty

    unfinished = settings.instance_dir / "demo.unfinished"
    if unfinished.exists() or is_empty():
        console.print("  Filling the empty shop with the demo")
        unfinished.touch()
        context.invoke(seed, if_empty=False)
        unfinished.unlink()


def _staff_sign_in(settings: Settings) -> str:
    """What to print about the staff account; makes one when there is none yet."""
    address = f"{settings.base_url()}/admin"
    staff = queries.accounts(staff_only=True, limit=1)
    if staff:
        return f"{address}   (staff account: {staff[0].email})"
    email = "staff@" + settings.shop_email.partition("@")[2]
    _, password = services.create_staff(email)
    return f"{address}   {email}   password {password}   (shown this once)"


def _let_go_of_the_database() -> None:
    """The supervisor has no further use for connections."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def _answers(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _announce(settings: Settings, console: Console, sign_in: str, seconds: float) -> None:
    logs = _short(settings.instance_dir / "logs")
    console.print(f"\n  {settings.shop_name} is open after {seconds:.1f} s\n")
    console.print(f"  Shop    {settings.base_url()}", style="bold")
    console.print(f"  Staff   {sign_in}")
    if settings.environment == "development" and settings.mail_backend == "folder":
        console.print(f"  Mail    {settings.base_url()}/dev/mail")
    console.print(f"  Logs    {logs}\n\n  Ctrl-C stops everything.")


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
