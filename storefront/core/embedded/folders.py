"""Where the servers keep their data and sockets, and that nobody else can read them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from storefront.core.embedded.account import Account
from storefront.core.embedded.errors import EmbeddedServiceError

# The kernel allows 107 bytes (103 on macOS) for the path of a socket.
_LONGEST_SOCKET_PATH = 100
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
# PostgreSQL reads its socket folders as a list, URLs quote: plain names need neither.
_PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")
# Fixed, not from TMPDIR or XDG_RUNTIME_DIR: every process that shares the servers must find the same place.
_SHORT = Path("/tmp")
_REACHABLE = Path("/var/lib")


@dataclass(frozen=True, slots=True)
class Folders:
    """The places of one pair of servers."""

    instance: Path
    postgres: Path
    valkey: Path
    sockets: Path

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the servers."""
        return self.instance / "services.lock"

    @property
    def start_lock(self) -> Path:
        """Held alone by whoever starts or stops them."""
        return self.instance / "services.start.lock"


def private_folder(path: Path, account: Account | None = None) -> Path:
    """Make or check a folder that only we (or ``account``) may enter.

    Raises :class:`EmbeddedServiceError` when something else sits there or it belongs to somebody else.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        trusted = {os.geteuid()} | ({account.user_id} if account and account.user_id is not None else set())
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in trusted:
            raise EmbeddedServiceError(
                f"{path} belongs to somebody else: remove it, run as its owner, or set another INSTANCE_DIR."
            )
        path.chmod(0o700)
        if account is not None:
            account.owns(path)
    except OSError as problem:
        raise EmbeddedServiceError(
            f"The folder {path} cannot be used ({problem.strerror}): set INSTANCE_DIR to a folder you may write to."
        ) from problem
    return path


def folders_for(instance_dir: Path, account: Account) -> Folders:
    """Lay out (and make) the folders of the servers whose data belong to ``instance_dir``."""
    instance = Path(os.path.realpath(instance_dir))
    try:
        instance.mkdir(mode=0o711 if account.user_id is not None else 0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise EmbeddedServiceError(
            f"The folder {instance} cannot be made ({problem.strerror}): set INSTANCE_DIR to a folder you may write to."
        ) from problem
    mark = hashlib.sha256(os.fsencode(instance)).hexdigest()[:12]
    home = instance
    if not account.reaches(instance):
        home = _REACHABLE / f"storefront-{mark}"
        home.mkdir(mode=0o711, exist_ok=True)
    sockets = home / "run"
    path = str(sockets)
    if len(os.fsencode(path + _LONGEST_SOCKET_NAME)) >= _LONGEST_SOCKET_PATH or not _PLAIN.fullmatch(path):
        sockets = _SHORT / f"storefront-{os.geteuid()}-{mark}"
    return Folders(
        instance=instance,
        postgres=private_folder(home / "postgres", account),
        valkey=private_folder(instance / "valkey"),
        sockets=private_folder(sockets, account),
    )
