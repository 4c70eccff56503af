"""How much one visitor, and one network address, may ask of the assistant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.buying import guest_with_token
from tests.web.paper_browser import PaperBrowser


@pytest.fixture
def tight(app: Flask) -> Iterator[Flask]:
    """Two messages a minute for a visitor, five for an address."""
    settings = app.extensions["settings"]
    limits = {"rate_limit_chat": "2/minute", "rate_limit_chat_address": "5/minute"}
    app.extensions["settings"] = settings.model_copy(update=limits)
    yield app
    app.extensions["settings"] = settings


def say_nothing(browser: PaperBrowser) -> int:
    """Send an empty message; it is counted like any other."""
    form = browser.form(browser.get("/chat"), "/chat/messages")
    return browser.submit(form, message="").status_code


def test_a_visitor_may_send_so_many_messages(tight: Flask) -> None:
    with tight.app_context():
        ada, bob = (PaperBrowser(tight, guest_with_token()[1]) for _ in range(2))
    assert [say_nothing(ada) for _ in range(3)] == [422, 422, 429]
    assert say_nothing(bob) == 422


def test_fresh_sessions_do_not_outwit_the_limit(tight: Flask) -> None:
    with tight.app_context():
        browsers = [PaperBrowser(tight, guest_with_token()[1]) for _ in range(7)]
    assert [say_nothing(browser) for browser in browsers] == [422] * 5 + [429] * 2
