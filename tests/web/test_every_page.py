"""Every page of the application, opened by everybody: well made, leading somewhere, refused to whom it is not for."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.web.all_pages import NOT_PAGES, PAGES, page_addresses
from tests.web.page_reading import ReadPage, read_page
from tests.web.paper_browser import PaperBrowser
from tests.web.small_town import Town, browser_of

LETTERS_ARE_NO_PAGES = {"dev.mail_html"}
OPEN_TO_GUESTS = {
    "account.sign_in",
    "account.sign_up",
    "account.check_mail",
    "account.confirm_email",
    "account.resend_confirmation",
    "account.forgot_password",
    "account.reset_password",
}
# Who is led elsewhere (3xx), told that it is not theirs (403), finds nothing (404), or an old link (410).
REFUSALS = {301, 302, 303, 308, 403, 404, 410}


@dataclass
class Walk:
    """One person's way through all pages, and what they noticed."""

    browser: PaperBrowser
    pages: dict[str, ReadPage] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def open(self, endpoint: str, address: str) -> TestResponse:
        """Open a page and read it."""
        answer = self.browser.get(address)
        self.statuses[address] = answer.status_code
        if answer.status_code != 200 and answer.status_code not in REFUSALS:
            self.problems.append(f"{address}: {answer.status_code}")
        if answer.mimetype == "text/html" and answer.text and answer.status_code not in range(300, 400):
            page = read_page(answer.text)
            if endpoint not in LETTERS_ARE_NO_PAGES:
                self.problems += [f"{address}: {problem}" for problem in page.problems()]
            self.pages[address] = page
        return answer

    def follow_links(self) -> None:
        """Open what the pages link to and are made of, once each."""
        wanted: dict[str, str] = {}
        for address, page in self.pages.items():
            for link in (*page.links, *page.resources):
                parts = urlsplit(link)
                if parts.scheme or parts.netloc or not parts.path:
                    continue
                assert parts.path.startswith("/"), (
                    f"{address} links to {link}, relative to wherever it is shown"
                )
                wanted.setdefault(parts.path + (f"?{parts.query}" if parts.query else ""), address)
        assert wanted
        for link, address in wanted.items():
            answer = self.browser.get(link)
            if answer.status_code >= 400:
                self.problems.append(f"{address} links to {link}: {answer.status_code}")
            answer.close()


def test_every_address_is_listed(app: Flask) -> None:
    """A new page says here how it is opened, and is then looked at by everybody."""
    with_get = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert set(PAGES) | set(NOT_PAGES) == with_get


@pytest.mark.parametrize("who", ["guest", "buyer", "customer", "staff"])
def test_every_page_opens_and_is_well_made_and_leads_somewhere(app: Flask, town: Town, who: str) -> None:
    walk = Walk(browser_of(app, town, who))
    for endpoint, address in page_addresses(app, town):
        walk.open(endpoint, address).close()
    walk.follow_links()
    assert not walk.problems, "\n".join(dict.fromkeys(walk.problems))
    assert len(walk.pages) > 25


@pytest.mark.parametrize(
    ("who", "area", "statuses"),
    [
        ("guest", "admin.", {302, 303}),
        ("buyer", "admin.", {403}),
        ("customer", "admin.", {403}),
        ("guest", "account.", {303}),
        ("guest", "checkout.order", {404}),
        ("buyer", "checkout.thanks", {404}),
        ("staff", "checkout.cancel", {404}),
    ],
)
def test_what_is_not_theirs_is_refused(
    app: Flask, town: Town, who: str, area: str, statuses: set[int]
) -> None:
    walk = Walk(browser_of(app, town, who))
    for endpoint, address in page_addresses(app, town):
        if endpoint.startswith(area) and endpoint not in OPEN_TO_GUESTS:
            walk.open(endpoint, address)
    assert walk.statuses
    assert {address: status for address, status in walk.statuses.items() if status not in statuses} == {}


_GOOD = '<html lang="en"><title>A</title><main><h1>B</h1>{}</main></html>'


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ('<h1 id="a">C</h1>', "2 headings of the first level"),
        ('<p id="a"></p><p id="a"></p>', "two elements with the id a"),
        ('<label for="b">D</label>', "nothing has the id b"),
        ('<form method="post" action="/x"></form>', "the form to /x has no csrf_token"),
        ('<img src="/y">', "a picture without alt: /y"),
        ('<a href="#z">E</a>', "a link to #z, which is not there"),
    ],
)
def test_the_rules_bite(broken: str, problem: str) -> None:
    assert list(read_page(_GOOD.format("")).problems()) == []
    assert list(read_page(_GOOD.format(broken)).problems()) == [problem]


def test_an_empty_page_breaks_the_rules_of_all_pages() -> None:
    assert list(read_page("<html><title> · </title></html>").problems()) == [
        "the page says no language",
        "the page has no title",
        "0 headings of the first level",
        "0 main landmarks",
    ]
