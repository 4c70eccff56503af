"""Who PostgreSQL runs as: it refuses to run as root, everybody else runs it as themselves."""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storefront.core.embedded.errors import EmbeddedServiceError

_MAPPED = ("--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True)
class Account:
    """How to start a program with few enough rights: a command to go through, or a user to become."""

    prefix: tuple[str, ...] = ()
    user_id: int | None = None
    group_id: int | None = None

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for :mod:`subprocess`."""
        if self.user_id is None:
            return {}
        return {"user": self.user_id, "group": self.group_id, "extra_groups": []}

    def run(self, command: list[str], **arguments: Any) -> subprocess.CompletedProcess[str]:
        """Run a short program to its end, capturing what it says."""
        return subprocess.run(
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            check=False,
            **self.arguments(),
            **arguments,
        )

    def reaches(self, path: Path) -> bool:
        """Whether this account may enter the folder, or run the file."""
        if not self.prefix and self.user_id is None:
            return os.access(path, os.X_OK)
        return self.run(["test", "-x", str(path)]).returncode == 0

    def owns(self, path: Path) -> None:
        """Make the folder this account's."""
        if self.user_id is not None and self.group_id is not None:
            os.chown(path, self.user_id, self.group_id)


def nobody() -> Account:
    """The system's user without rights. Raises :class:`EmbeddedServiceError` when there is none."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedServiceError(
            "PostgreSQL refuses to run as root and this machine has no user 'nobody':"
            " run as another user, or set DATABASE_URL."
        ) from None
    return Account(user_id=entry.pw_uid, group_id=entry.pw_gid)


def mapped() -> Account | None:
    """Root seen as user 1000 inside a user namespace, where the system allows one.

    Files stay root's, so nothing needs to be copied or handed over.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    account = Account(prefix=(unshare, *_MAPPED))
    return account if account.run(["true"]).returncode == 0 else None


@functools.cache
def unprivileged_account() -> Account:
    """The account for PostgreSQL: oneself, or as root the mapped user, or else ``nobody``."""
    if os.geteuid() != 0:
        return Account()
    return mapped() or nobody()
