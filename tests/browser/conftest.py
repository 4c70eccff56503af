"""Fixtures for journeys: the shop, Chromium, pages that are watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import servers
from tests.browser.page_types import People, make_people
from tests.browser.shop import Shop, running_shop
from tests.browser.watching import Watch
from tests.factories.buying import make_shipping
from tests.serving import served

PATIENCE_MILLISECONDS = 10_000
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=PATIENCE_MILLISECONDS)


def chromium_path() -> str:
    """Where the system's Chromium is; fails the test that asks when there is none."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(
            f"CHROMIUM names {named}, and there is no such program."
            if named
            else "The browser tests need Chromium: apt-get install -y chromium, or name one in CHROMIUM.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser: started once, every test opens contexts of its own in it."""
    program = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shop(
    chromium: Browser, databases: servers.TestDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop of this worker's own; see ``shop.py``."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with running_shop(databases, worker, tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="session")
def people(chromium: Browser, shop: Shop) -> People:
    """Those who look at all types of pages: a guest, a guest with a cart, a customer, a member of staff."""
    return make_people(chromium, shop)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What went wrong on the test's pages; anything fails the test."""
    watching = Watch()
    yield watching
    assert watching.problems == [], "a page did what no page may do"


Browse = Callable[..., Page]


@pytest.fixture
def browse(
    chromium: Browser, shop: Shop, watch: Watch, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Browse]:
    """Opens pages, each in a context (cookies, storage) of its own: a person with a browser."""
    yield from _people(chromium, shop.url, watch, request, tmp_path)


@pytest.fixture
def card_shop(card_app: Flask) -> Iterator[str]:
    """The address of a shop that takes cards: in this process, empty but for ways to ship, without its jobs."""
    with card_app.app_context():
        make_shipping()
    with served(card_app) as live:
        yield live.url


@pytest.fixture
def browse_cards(
    chromium: Browser, card_shop: str, watch: Watch, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Browse]:
    """The same as ``browse`` in the shop that takes cards."""
    yield from _people(chromium, card_shop, watch, request, tmp_path)


def _people(
    chromium: Browser, url: str, watch: Watch, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Browse]:
    opened: list[BrowserContext] = []
    scripted: set[BrowserContext] = set()

    def open_page(
        *,
        javascript: bool = True,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        bypass_csp: bool = False,
        state: Any = None,
    ) -> Page:
        context = chromium.new_context(
            base_url=url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            bypass_csp=bypass_csp,
            storage_state=state,
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        watch.follow(context, javascript=javascript)
        opened.append(context)
        scripted.update({context} if javascript else ())
        return context.new_page()

    yield open_page
    failed = request.node.stash.get(_FAILED, False)
    for number, context in enumerate(opened):
        for page in context.pages:
            if failed:
                _keep(page, tmp_path / f"failed{number or ''}")
            elif context in scripted:  # nothing answers a question where no script may run
                watch.look_at(page)
        context.close()


def _keep(page: Page, place: Path) -> None:
    page.screenshot(path=place.with_suffix(".png"))
    place.with_suffix(".html").write_text(page.content())


@pytest.fixture
def page(browse: Browse) -> Page:
    """A page with JavaScript at 1280 by 900."""
    return browse()


@pytest.fixture
def plain_page(browse: Browse) -> Page:
    """A page without JavaScript."""
    return browse(javascript=False)


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Remember a failure until the fixtures go; name the folder with the last picture."""
    report = yield
    if call.when == "call" and report.failed:
        item.stash[_FAILED] = True
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder is not None:
            report.sections.append(("browser", f"last seen: {folder}"))
    return report
