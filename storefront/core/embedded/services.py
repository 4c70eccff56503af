"""Several processes, one pair of servers: the first in starts them, the last one out stops them.

Every user holds a shared lock on ``services.lock`` for as long as it lives; the kernel gives it back even
after ``kill -9``. Starting and stopping happen under ``services.start.lock``, held alone.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from storefront.core.embedded.account import Account, unprivileged_account
from storefront.core.embedded.errors import EmbeddedServiceError
from storefront.core.embedded.folders import Folders, folders_for
from storefront.core.embedded.postgres import PostgresServer
from storefront.core.embedded.valkey import ValkeyServer


@dataclass(frozen=True, slots=True)
class Services:
    """Where the servers are; ``started`` says whether this call had to start one of them."""

    database_admin_url: str
    redis_url: str
    started: bool


@dataclass(slots=True)
class _Attachment:
    folders: Folders
    services: Services
    lock: int
    durable: bool


_attachments: dict[Path, _Attachment] = {}
_guard = threading.RLock()


def attach(instance_dir: Path, *, durable: bool = True, account: Account | None = None) -> Services:
    """Use the servers of ``instance_dir`` until this process ends (or calls :func:`leave`).

    Starts what does not run. A second call in one process answers from memory. ``account`` is who runs
    PostgreSQL, chosen by itself when not given. Raises :class:`EmbeddedServiceError`.
    """
    with _guard:
        folders = folders_for(instance_dir, account or unprivileged_account())
        known = _attachments.get(folders.instance)
        if known is not None:
            return replace(known.services, started=False)
        with _alone(folders):
            lock = _open(folders.users_lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_SH)
                services = _start(folders, durable=durable, account=account)
            except BaseException:
                os.close(lock)
                if not in_use(folders.instance):
                    _stop(folders)
                raise
        _attachments[folders.instance] = _Attachment(folders, services, lock, durable)
        _end_orderly_on_signals()
        return services


def leave(instance_dir: Path) -> None:
    """Stop using the servers; when nobody else does, stop them. Not attached is no error."""
    with _guard:
        attachment = _attachments.pop(Path(os.path.realpath(instance_dir)), None)
        if attachment is None:
            return
        with _alone(attachment.folders):
            # Closed, not unlocked: a forked child holds the same open file and with it the shared lock.
            os.close(attachment.lock)
            if not in_use(attachment.folders.instance):
                _stop(attachment.folders)


def stop(instance_dir: Path) -> None:
    """Stop the servers of ``instance_dir`` whoever uses them. Not running is no error."""
    leave(instance_dir)
    folders = folders_for(instance_dir, unprivileged_account())
    with _alone(folders):
        _stop(folders)


def revive(instance_dir: Path) -> bool:
    """Start again what has stopped of the servers this process uses; whether anything had. Cheap if nothing.

    Raises :class:`EmbeddedServiceError` when it does not start.
    """
    with _guard:
        attachment = _attachments.get(Path(os.path.realpath(instance_dir)))
        if attachment is None:
            return False
        folders = attachment.folders
        postgres = PostgresServer(
            folders.postgres, folders.sockets, unprivileged_account(), attachment.durable
        )
        if postgres.is_running() and ValkeyServer(folders.valkey, folders.sockets).is_running():
            return False
        with _alone(folders):
            return _start(folders, durable=attachment.durable, account=None).started


def start_throwaway(folder: Path, *, durable: bool = False) -> Services:
    """Servers for tests and measurements in ``folder``: fast, and nothing survives a power cut.

    Shared and stopped as with :func:`attach`; removing the folder afterwards is the caller's.
    """
    return attach(folder, durable=durable)


def in_use(folder: Path) -> bool:
    """Whether any process uses (or is starting) the servers of ``folder``."""
    lock_file = Path(os.path.realpath(folder)) / "services.lock"
    if not lock_file.exists():
        return False
    lock = _open(lock_file)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _start(folders: Folders, *, durable: bool, account: Account | None) -> Services:
    postgres = PostgresServer(folders.postgres, folders.sockets, account or unprivileged_account(), durable)
    valkey = ValkeyServer(folders.valkey, folders.sockets, durable)
    started_valkey = valkey.ensure_running()
    started_postgres = postgres.ensure_running()
    return Services(postgres.url, valkey.url, started_valkey or started_postgres)


def _stop(folders: Folders) -> None:
    PostgresServer(folders.postgres, folders.sockets, unprivileged_account()).stop()
    ValkeyServer(folders.valkey, folders.sockets).stop()
    if not folders.sockets.is_relative_to(folders.instance):
        with contextlib.suppress(OSError):
            folders.sockets.rmdir()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise EmbeddedServiceError(
            f"{path} cannot be opened ({problem.strerror}): run as the owner of that folder, or set INSTANCE_DIR."
        ) from problem


@contextlib.contextmanager
def _alone(folders: Folders) -> Iterator[None]:
    lock = _open(folders.start_lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        # Said aloud: a child forked meanwhile holds the same open file, closing ours alone would keep the lock.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


@atexit.register
def _leave_all() -> None:
    for instance in list(_attachments):
        leave(instance)


def _end_orderly_on_signals() -> None:
    """Let SIGTERM and SIGHUP end a plain command the orderly way, so that the last one out stops the servers.

    Programs with handlers of their own (gunicorn, Celery) keep them.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
