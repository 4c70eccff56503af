"""What several tests of pages need."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.settings import Settings
from storefront.providers.mail import mail_folder
from tests.emptying import Once
from tests.web.small_town import Town, build_town


@pytest.fixture
def build_keeping(settings: Settings, clean_database: None) -> Iterator[Callable[..., Flask]]:
    """Builds applications that keep pages for guests, with other settings by name."""
    from storefront import create_app

    built: list[Flask] = []

    def build(**changed: object) -> Flask:
        built.append(create_app(settings.model_copy(update={"cache_page_seconds": 60, **changed})))
        return built[-1]

    yield build
    for app in built:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def town(once: Once, settings: Settings) -> Town:
    """A small shop in which every page has something to show."""
    made = once(build_town)
    (mail_folder(settings) / f"{made.mail}.eml").write_bytes(made.letter)
    return made
