"""Mail out: one typed letter, and two ways to hand it over (a folder, an SMTP server).

A backend is asked with no database transaction open, waits no longer than its time-out, and raises
:class:`MailRefused` for whatever goes wrong; the outbox tries again later.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Literal, Protocol

from storefront.core.clock import now
from storefront.core.ids import new_id
from storefront.core.settings import Settings

TIMEOUT_SECONDS = 15.0


class MailRefused(RuntimeError):
    """The letter was not taken: by the server, by the disk, or because it is malformed."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes with a letter."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter to one person, as plain text and as HTML that says the same."""

    to: str
    subject: str
    text: str
    html: str
    sender: str
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()

    def message(self) -> EmailMessage:
        """The letter as MIME. Raises :class:`MailRefused` for a line break in a header."""
        letter = EmailMessage()
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        try:
            letter["From"] = self.sender
            letter["To"] = self.to
            letter["Subject"] = self.subject
            letter["Date"] = format_datetime(now())
            letter["Message-ID"] = make_msgid(domain=domain)
            # Tells out-of-office robots not to answer (RFC 3834).
            letter["Auto-Submitted"] = "auto-generated"
            if self.reply_to:
                letter["Reply-To"] = self.reply_to
            for name, value in self.headers.items():
                letter[name] = value
        except (ValueError, MessageError) as error:
            raise MailRefused(f"a header cannot be written: {error}") from error
        letter.set_content(self.text)
        letter.add_alternative(self.html, subtype="html")
        for one in self.attachments:
            letter.add_attachment(one.content, maintype="application", subtype="pdf", filename=one.name)
        # An address cannot be folded: at 78 characters Python would write it as an encoded word, which programs that
        # look for List-Unsubscribe do not read. 998 is what a line may have (RFC 5322).
        letter.policy = letter.policy.clone(max_line_length=998)
        return letter


class MailBackend(Protocol):
    """Something that takes letters."""

    def send(self, mail: Mail) -> None:
        """Hand ``mail`` over. Raises :class:`MailRefused`."""


@dataclass(frozen=True, slots=True)
class FolderBackend:
    """Writes each letter to a file that its owner alone can read; ``/dev/mail`` shows them."""

    folder: Path

    def send(self, mail: Mail) -> None:
        """Write ``mail`` under a name that sorts by time. Raises :class:`MailRefused`."""
        stem = f"{now():%Y%m%dT%H%M%S}-{new_id()}"
        content = mail.message().as_bytes()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self.folder / f".{stem}"
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            unfinished.rename(self.folder / f"{stem}.eml")
        except OSError as error:
            raise MailRefused(f"{self.folder}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class SmtpBackend:
    """Sends through a mail server. ``tls`` says how: from the first byte, after STARTTLS, or not at all."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    timeout: float = TIMEOUT_SECONDS
    context: ssl.SSLContext | None = None

    def send(self, mail: Mail) -> None:
        """Send ``mail``; nothing goes out in clear when encryption is asked for. Raises :class:`MailRefused`."""
        message = mail.message()
        try:
            with self._connect() as server:
                if self.tls == "starttls":
                    server.starttls(context=self._context())
                if self.user:
                    server.login(self.user, self.password or "")
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise MailRefused(f"{self.host}:{self.port}: {_reason(error)}") from error

    def _connect(self) -> smtplib.SMTP:
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self._context())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _context(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()


def _reason(error: Exception) -> str:
    """What went wrong, without the recipient: error texts end in logs."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _text in error.recipients.values()})
        return f"{type(error).__name__} {', '.join(map(str, codes))}"
    return re.sub(r"\S+@\S+", "<address>", f"{type(error).__name__}: {error}")


def mail_backend(settings: Settings) -> MailBackend:
    """The way that the settings choose."""
    if settings.mail_backend == "folder":
        return FolderBackend(mail_folder(settings))
    return SmtpBackend(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        settings.smtp_tls,
    )


def mail_folder(settings: Settings) -> Path:
    """Where the folder backend keeps letters."""
    return settings.instance_dir / "mail"
