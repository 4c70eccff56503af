"""What people search for, in the staff pages: figures that are right, lists that lead on, in few statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.db import session, transaction
from storefront.search.log_models import SearchTextDay, SearchTimeDay
from storefront.search.queries.insights import TEXTS_PER_PAGE, search_figures, searched_texts
from tests.admin.test_synonym_pages import browser_of
from tests.web.paper_browser import PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def searched(app: Flask) -> None:
    """Some days' searches: (text, days ago, searches, of them in vain, opened)."""
    tallies = [
        ("tent", 0, 6, 0, 3),
        ("tent", 6, 4, 0, 9),
        ("headfones", 0, 5, 5, 0),
        ("kayak", 2, 2, 2, 0),
        ("kayak", 7, 20, 20, 0),
        ("peg", 1, 3, 0, 0),
        ("o'hare & <b>", 29, 1, 0, 0),
        ("long ago", 90, 100, 0, 0),
    ]
    times = [(0, 10, 5), (0, 20, 4), (6, 10, 5), (2, 300, 1), (1, 900, 5), (29, 15, 1), (90, 50_000, 10)]
    with app.app_context(), clock.frozen(NOON), transaction():
        for text, ago, searches, nothing, clicked in tallies:
            day = (NOON - timedelta(ago)).date()
            session().add(
                SearchTextDay(day=day, text=text, searches=searches, found_nothing=nothing, clicked=clicked)
            )
        for ago, milliseconds, searches in times:
            day = (NOON - timedelta(ago)).date()
            session().add(SearchTimeDay(day=day, milliseconds=milliseconds, searches=searches))


@pytest.fixture
def editor(app: Flask) -> PaperBrowser:
    return browser_of(app, "catalog_editor")


def test_the_figures_of_a_week(app_context: Flask) -> None:
    with clock.frozen(NOON):
        week = search_figures(7)
        month = search_figures(30)
    assert len(week.days) == 7
    assert (week.days[0].searches, week.days[-1].searches) == (4, 11)
    assert [one.found_nothing for one in week.days] == [0, 0, 0, 0, 2, 0, 5]
    assert week.searches == 20
    assert week.nothing_share == 7 / 20
    assert week.opened_share == (3 + 4) / 20, "a day's clicks are never more than its searches"
    # Of 20 searches ten took 10 ms, and the nineteenth 900.
    assert (week.median, week.slow) == (10, 900)
    assert month.searches == 21
    assert (month.median, month.slow) == (15, 900)


def test_a_shop_that_nobody_searches_has_no_times(app_context: Flask) -> None:
    with clock.frozen(NOON + timedelta(200)):
        nothing = search_figures(7)
        assert searched_texts("top", 7).total == 0
    assert (nothing.searches, nothing.nothing_share, nothing.median, nothing.slow) == (0, 0.0, None, None)
    assert sum(one.searches for one in nothing.days) == 0


@pytest.mark.parametrize(
    ("which", "days", "texts"),
    [
        ("nothing", 7, ["headfones", "kayak"]),
        ("nothing", 30, ["kayak", "headfones"]),
        ("unopened", 7, ["peg"]),
        ("unopened", 30, ["peg", "o'hare & <b>"]),
        ("top", 7, ["tent", "headfones", "peg", "kayak"]),
    ],
)
def test_the_lists(app_context: Flask, which: str, days: int, texts: list[str]) -> None:
    with clock.frozen(NOON):
        page = searched_texts(which, days)
    assert [one.text for one in page.items] == texts
    assert page.total == len(texts)


def test_a_row_leads_to_the_search_and_to_a_synonym(app: Flask, editor: PaperBrowser) -> None:
    with clock.frozen(NOON):
        page = editor.get("/admin/searches?days=30&list=unopened").text
    assert "<b>" not in re.sub(r"<[^b][^>]*>", "", page)
    assert 'href="/search?q=o\'hare+%26+%3Cb%3E&amp;sort=relevance"' in page.replace("%27", "'").replace(
        "&#39;", "'"
    )
    synonym = re.search(r'href="(/admin/synonyms/new\?typed=peg)"', page)
    assert synonym
    form = editor.form(editor.get(unescape(synonym[1])), "")
    assert form.values["typed"] == "peg"


def test_staff_who_look_do_not_count(app: Flask, editor: PaperBrowser) -> None:
    from storefront.search.services import write_log

    editor.get("/search?q=peg&sort=relevance")
    with app.app_context():
        assert write_log()["searches"] == 0


def test_the_page_says_what_it_shows(editor: PaperBrowser) -> None:
    with clock.frozen(NOON):
        page = editor.get("/admin/searches?days=7&list=nothing").text
    for words in (
        "35.0 %",
        "10 ms",
        "900 ms",
        "Searches by day",
        "Nov 24, 2026: 11 searches, 5 found nothing",
    ):
        assert words in page
    assert page.count('class="plot__all"') == 7
    assert "style=" not in page
    assert page.count('aria-current="true"') == 2


@pytest.mark.parametrize(
    "query", ["days=x&list=y&page=-1", "days=8", "page=1000000000", "list=nothing&days="]
)
def test_what_nobody_offers_is_the_month(editor: PaperBrowser, query: str) -> None:
    with clock.frozen(NOON):
        page = editor.get(f"/admin/searches?{query}")
    assert page.status_code == 200
    assert page.text.count('class="plot__all"') == 30
    assert "kayak" in page.text


def test_long_lists_have_pages(app: Flask, editor: PaperBrowser) -> None:
    with app.app_context(), transaction():
        for number in range(TEXTS_PER_PAGE + 5):
            session().add(SearchTextDay(day=NOON.date(), text=f"word {number:02}", searches=1, clicked=1))
    with clock.frozen(NOON):
        first = editor.get("/admin/searches?days=7&list=top").text
        second = editor.get("/admin/searches?days=7&list=top&page=2").text
    assert "34 texts" in first
    assert 'href="/admin/searches?days=7&amp;list=top&amp;page=2"' in first
    assert "word 29" in second
    assert "tent" not in re.findall(r'table__main"[^>]*>([^<]+)<', second)


def test_the_page_asks_little(editor: PaperBrowser, assert_queries: AssertQueries) -> None:
    with assert_queries(4):  # the visitor, the days, the times, one page of texts
        editor.get("/admin/searches?days=90&list=top")


def test_who_may_see_it(app: Flask) -> None:
    support = browser_of(app, "support")
    with clock.frozen(NOON):
        page = support.get("/admin/searches")
    assert page.status_code == 200
    assert "Add a synonym" not in page.text, "who may not write is not led there"
    assert 'href="/admin/searches"' in page.text
    guest = PaperBrowser(app)
    assert guest.get("/admin/searches").status_code == 302
