"""The SMTP backend speaks to a real server on loopback; the folder backend writes real files."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from storefront.providers.mail import FolderBackend, Mail, MailRefused, SmtpBackend
from storefront.providers.mail_folder import stored_mail, stored_mails

LETTER = Mail(
    to="Ada Lovelace <ada@example.com>",
    subject="Grüße vom Fjäll",
    text="Hello Ada,\nhere is a line with – a dash.\n",
    html="<p>Hello <b>Ada</b>, here is a line with – a dash.</p>",
    sender="Larkfell <hello@larkfell.example.com>",
    reply_to="support@larkfell.example.com",
)


class Postbox:
    """What arrived. Refuses recipients at refused.example.com."""

    def __init__(self) -> None:
        self.letters: list[tuple[Envelope, Session]] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.endswith("@refused.example.com"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.letters.append((envelope, session))
        return "250 OK"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Somebody who vouches for the server's certificate, if one asks them."""
    return trustme.CA()


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def check_login(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"open-sesame")
    return AuthResult(success=good, handled=good)


@contextmanager
def smtp_server(**options: object) -> Iterator[tuple[Postbox, int]]:
    box = Postbox()
    controller = Controller(box, hostname="localhost", port=0, **options)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def test_a_letter_arrives_as_text_and_html() -> None:
    with smtp_server() as (box, port):
        SmtpBackend("localhost", port, tls="none", timeout=5).send(LETTER)
    envelope, _ = box.letters[0]
    assert envelope.mail_from == "hello@larkfell.example.com"
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["Subject"] == "Grüße vom Fjäll"
    assert message["Reply-To"] == "support@larkfell.example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@larkfell.example.com>")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in message.iter_parts())
    assert text.replace("\r\n", "\n") == LETTER.text
    assert html.strip() == LETTER.html


def test_starttls_with_a_login(authority: trustme.CA) -> None:
    options = {
        "tls_context": server_context(authority),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": check_login,
    }
    with smtp_server(**options) as (box, port):
        SmtpBackend("localhost", port, "shop", "open-sesame", "starttls", 5, trusting(authority)).send(LETTER)
        wrong = SmtpBackend("localhost", port, "shop", "guess", "starttls", 5, trusting(authority))
        with pytest.raises(MailRefused, match="SMTPAuthenticationError 535"):
            wrong.send(LETTER)
    assert len(box.letters) == 1
    assert box.letters[0][1].ssl is not None


def test_tls_from_the_first_byte(authority: trustme.CA) -> None:
    with smtp_server(ssl_context=server_context(authority)) as (box, port):
        SmtpBackend("localhost", port, tls="tls", timeout=5, context=trusting(authority)).send(LETTER)
    assert len(box.letters) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(authority: trustme.CA, tls: str) -> None:
    options = (
        {"tls_context": server_context(authority)}
        if tls == "starttls"
        else {"ssl_context": server_context(authority)}
    )
    with smtp_server(**options) as (box, port), pytest.raises(MailRefused, match="CERTIFICATE_VERIFY_FAILED"):
        SmtpBackend("localhost", port, tls=tls, timeout=5).send(LETTER)  # type: ignore[arg-type]
    assert box.letters == []


def test_nothing_goes_out_in_clear_when_the_server_has_no_starttls() -> None:
    with smtp_server() as (box, port), pytest.raises(MailRefused, match="SMTPNotSupportedError"):
        SmtpBackend("localhost", port, "shop", "open-sesame", timeout=5).send(LETTER)
    assert box.letters == []


def test_a_refused_recipient_is_told_without_the_address() -> None:
    with smtp_server() as (box, port):
        backend = SmtpBackend("localhost", port, tls="none", timeout=5)
        letter = Mail("ada@refused.example.com", "S", "t", "<p>t</p>", LETTER.sender)
        with pytest.raises(MailRefused, match="SMTPRecipientsRefused 550") as refused:
            backend.send(letter)
    assert "ada@" not in str(refused.value)
    assert box.letters == []


def test_a_server_that_says_nothing_is_given_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.perf_counter()
        with pytest.raises(MailRefused, match="timed out"):
            SmtpBackend("127.0.0.1", silent.getsockname()[1], tls="none", timeout=0.3).send(LETTER)
        assert time.perf_counter() - begun < 3


def test_a_server_that_hangs_up_is_given_up_on() -> None:
    with socket.socket() as rude:
        rude.bind(("127.0.0.1", 0))
        rude.listen()
        hanging_up = threading.Thread(target=lambda: rude.accept()[0].close())
        hanging_up.start()
        with pytest.raises(MailRefused, match=r"SMTPServerDisconnected|ConnectionReset"):
            SmtpBackend("127.0.0.1", rude.getsockname()[1], tls="none", timeout=5).send(LETTER)
        hanging_up.join()


def test_a_server_that_is_away_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(MailRefused, match=rf"127\.0\.0\.1:{port}: ConnectionRefusedError"):
        SmtpBackend("127.0.0.1", port, tls="none", timeout=5).send(LETTER)


@pytest.mark.parametrize("part", ["to", "subject"])
def test_a_line_break_cannot_smuggle_in_a_header(part: str) -> None:
    fields = {"to": "ada@example.com", "subject": "Hello", part: "x@example.com\r\nBcc: eve@example.com"}
    letter = Mail(text="t", html="<p>t</p>", sender=LETTER.sender, **fields)
    with pytest.raises(MailRefused, match="a header cannot be written"):
        letter.message()


def test_the_folder_keeps_letters_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    old_mask = os.umask(0)
    try:
        FolderBackend(folder).send(LETTER)
        FolderBackend(folder).send(Mail("bob@example.com", "Second", "two", "<p>two</p>", LETTER.sender))
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = sorted(folder.iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert all(file.suffix == ".eml" for file in files)
    newest, oldest = stored_mails(folder)
    assert (newest.subject, oldest.subject) == ("Second", "Grüße vom Fjäll")
    assert oldest.to == "Ada Lovelace <ada@example.com>"
    assert oldest.text == LETTER.text
    assert oldest.html.strip() == LETTER.html
    assert stored_mail(folder, oldest.name) == oldest


@pytest.mark.parametrize("name", ["..", "../secret_key", "20260504T120000-nothing", "%2e%2e", ""])
def test_the_folder_gives_out_nothing_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (tmp_path / "secret_key.eml").write_text("Subject: secret")
    assert stored_mail(folder, name) is None
    assert stored_mails(tmp_path / "nowhere") == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in the way")
    with pytest.raises(MailRefused, match="mail: File exists"):
        FolderBackend(tmp_path / "mail").send(LETTER)
