"""The developer's mailbox: shown outside production, and what a letter holds cannot reach the shop's pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.app import build_app
from storefront.core.settings import Settings
from storefront.providers.mail import FolderBackend, Mail, mail_folder

EVIL = '<html><head></head><body><script>alert(1)</script><p>Hello <a href="https://x.example">you</a></p></body></html>'


@pytest.fixture
def letter(settings: Settings) -> Iterator[str]:
    """One letter in the folder; its name."""
    folder: Path = mail_folder(settings)
    for old in folder.glob("*.eml"):
        old.unlink()
    FolderBackend(folder).send(
        Mail("ada@example.com", "Hi <b>", "See http://x.example/a\n", EVIL, settings.mail_from)
    )
    (path,) = folder.glob("*.eml")
    yield path.stem
    path.unlink()


def test_letters_are_listed_and_shown(client: FlaskClient, letter: str) -> None:
    listed = client.get("/dev/mail")
    assert f'href="/dev/mail/{letter}"' in listed.text
    assert "Hi &lt;b&gt;" in listed.text
    shown = client.get(f"/dev/mail/{letter}")
    assert f'src="/dev/mail/{letter}/html"' in shown.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert '<a href="http://x.example/a"' in shown.text
    assert "alert(1)" not in shown.text


def test_a_letters_html_can_run_nothing(client: FlaskClient, letter: str) -> None:
    frame = client.get(f"/dev/mail/{letter}/html")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in frame.text


@pytest.mark.parametrize(
    "name", ["nothing", "..%2f..%2fsecret_key", "20260101T000000-0197f0a0-0000-7000-8000-000000000000"]
)
def test_nothing_else_is_given_out(client: FlaskClient, name: str) -> None:
    assert client.get(f"/dev/mail/{name}").status_code == 404
    assert client.get(f"/dev/mail/{name}/html").status_code == 404


def test_production_has_no_such_pages(app: Flask, settings: Settings) -> None:
    production = build_app(settings.model_copy(update={"environment": "production"}))
    rules = {rule.rule for rule in production.url_map.iter_rules()}
    assert "/account/sign-in" in rules
    assert not {rule for rule in rules if rule.startswith("/dev")}
