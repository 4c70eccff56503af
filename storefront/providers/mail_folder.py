"""Reading the letters that the folder backend wrote, for the developer's viewer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

_NAME = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A letter that was written to the folder. ``name`` is its file's name without the ending."""

    name: str
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    html: str


def stored_mails(folder: Path, limit: int = 100) -> list[StoredMail]:
    """The last ``limit`` letters, the newest first."""
    names = sorted((path.stem for path in folder.glob("*.eml") if _NAME.fullmatch(path.stem)), reverse=True)
    found = (stored_mail(folder, name) for name in names[:limit])
    return [mail for mail in found if mail is not None]


def stored_mail(folder: Path, name: str) -> StoredMail | None:
    """One letter; None when there is none of that name (anything that is not a name of ours included)."""
    if not _NAME.fullmatch(name):
        return None
    try:
        content = (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return StoredMail(
        name=name,
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(str(message["Date"])),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return "" if body is None else str(body.get_content())
