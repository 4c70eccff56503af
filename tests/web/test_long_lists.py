"""Lists with more pages than numbers, and more products than anybody counts: ways on, and totals in words."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.search.queries import answer_statement, counted, listing, postgresql
from storefront.search.services import refresh_words
from storefront.web.catalog.counts import Count, products_in_words, rounded
from tests.emptying import Once
from tests.factories.catalog import make_category, make_product

FRAGMENT = {"HX-Request": "true"}
PRODUCTS = 80


def make_pegs() -> None:
    """Eighty pegs on four pages. Every sixteenth is in the sample, as in large shops."""
    pegs = make_category("Pegs")
    for number in range(PRODUCTS):
        product_id = uuid.UUID(int=uuid.uuid4().int & ~0xFF | (0 if number % 16 == 0 else 0x0F))
        make_product(f"Peg {number:02}", f"{number + 1}.00", category=pegs, id=product_id)
    refresh_words()


@pytest.fixture(autouse=True)
def pegs(once: Once, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pegs, and only the first of their pages has a number."""
    monkeypatch.setattr(listing, "MOST_PAGES_BY_NUMBER", 1)
    once(make_pegs)


@pytest.fixture
def too_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Already fifty products are too many to count."""
    for module in (answer_statement, counted):
        monkeypatch.setattr(module, "TOO_MANY", 50)
    answer_statement.answer_statement.cache_clear()
    yield
    answer_statement.answer_statement.cache_clear()


def names(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'product-card__name"><a href="[^"]+">([^<]+)<', page)]


def step(page: str, way: str) -> str | None:
    """Where the link to the ``next`` or ``prev`` page leads, the same in the list and in the head."""
    found = re.search(rf'rel="{way}" href="([^"]+)" hx-get="([^"]+)"', page)
    in_head = re.search(rf'<link rel="{way}" href="([^"]+)"', page)
    assert (found and (found[1], found[2])) == (in_head and (in_head[1], in_head[1]))
    return unescape(found[1]) if found else None


def canonical(page: str) -> str:
    found = re.search(r'<link rel="canonical" href="http://localhost([^"]+)"', page)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("query", ["", "?sort=price_up", "?q=peg&sort=name"])
def test_pages_lead_on_to_the_last_product_and_back(client: FlaskClient, query: str) -> None:
    path = f"/search{query}" if "q=" in query else f"/c/pegs{query}"
    seen: list[list[str]] = []
    addresses: list[str] = []
    here: str | None = path
    while here:
        page = client.get(here)
        assert page.status_code == 200
        addresses.append(here)
        seen.append(names(page.text))
        here = step(page.text, "next")
    assert [len(one) for one in seen] == [24, 24, 24, 8]
    assert len({name for one in seen for name in one}) == PRODUCTS
    back = [step(page.text, "prev")]
    for expected in reversed(seen[:-1]):
        assert back[-1]
        page = client.get(back[-1])
        assert names(page.text) == expected
        back.append(step(page.text, "prev"))
    assert back[-1] is None
    assert back[-2] == path, "the first page has a number of its own"


def test_a_page_far_out_says_where_it_is(client: FlaskClient) -> None:
    second = step(client.get("/c/pegs").text, "next")
    assert second
    page = client.get(second).text
    assert "<title>Pegs, page 2" in page
    assert '<span class="listing__page">page 2</span>' in page
    assert re.search(r'aria-current="page"><span class="visually-hidden">Page 2</span>', page)
    assert canonical(page) == second
    assert canonical(client.get("/c/pegs").text) == "/c/pegs"
    part = client.get(second, headers=FRAGMENT)
    assert part.headers["HX-Push-Url"] == second
    assert json.loads(part.headers["HX-Trigger-After-Swap"]) == {"announce": "80 products, page 2"}


def test_another_choice_begins_at_the_beginning(client: FlaskClient) -> None:
    second = step(client.get("/search?q=peg&sort=price_up").text, "next")
    assert second
    page = client.get(second + "&price_min=10").text
    inside = re.search(r'<section class="listing__results".*?<ul class="product-grid', page, re.DOTALL)
    assert inside
    assert "position=" not in inside[0]
    assert "position" not in re.sub(
        r'<nav class="pagination".*?</nav>|<head>.*?</head>', "", page, flags=re.DOTALL
    )


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("page=-1", "Peg"),
        ("page=1000000000", "Peg"),
        ("page=57&position=garbage", "Peg"),
        ("position=" + "A" * 5_000, "Peg"),
        ("position=%00", "Peg"),
        ("position=WyJuYW1lIiwgImFmdGVyIl0", "Peg"),
        ("sort=name&position=WyJyZWxldmFuY2UiLCAiYWZ0ZXIiLCAxXQ", "Peg"),
    ],
)
def test_a_position_of_no_list_is_the_list_itself(client: FlaskClient, query: str, first: str) -> None:
    page = client.get(f"/c/pegs?{query}")
    assert page.status_code == 200
    assert len(names(page.text)) == 24
    assert names(page.text)[0].startswith(first)
    assert "position=" not in canonical(page.text)
    assert client.get(f"/c/pegs?{query}", headers=FRAGMENT).headers["HX-Push-Url"].startswith("/c/pegs")


def test_a_position_behind_the_end_is_the_last_page_with_a_number(client: FlaskClient) -> None:
    here = "/c/pegs?sort=price_up"
    while following := step(client.get(here).text, "next"):
        here = following
    # Whatever was on the last page is gone meanwhile: only what is cheaper than 5 is left.
    page = client.get(f"{here}&price_max=4").text
    assert names(page) == ["Peg 00", "Peg 01", "Peg 02", "Peg 03"]
    assert step(page, "next") is None


def test_the_best_of_a_text_have_an_end_that_is_named(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_PAGES_BY_NUMBER", 40)
    monkeypatch.setattr(postgresql, "MOST_RANKED", 48)
    said = "These were the best 48 of 80 products. To see others, add a word or choose a filter."
    assert said not in client.get("/search?q=peg").text
    last = client.get("/search?q=peg&page=9").text
    assert "page 2 of 2" in last
    assert said in last
    assert step(last, "next") is None


def test_an_estimate_is_called_one(client: FlaskClient, too_many: None) -> None:
    page = client.get("/c/pegs").text
    assert "more than 10,000 products" in page
    assert "80 products" not in page
    assert re.search(
        r'class="facet__count"><span aria-hidden="true">≈ </span><span class="visually-hidden">about </span>\d+0<',
        page,
    )
    part = client.get("/c/pegs", headers=FRAGMENT)
    assert json.loads(part.headers["HX-Trigger-After-Swap"]) == {
        "announce": "more than 10,000 products, page 1"
    }


def test_counts_may_be_estimates_beside_an_exact_total(client: FlaskClient, too_many: None) -> None:
    page = client.get("/c/pegs?price_max=40").text
    assert "40 products" in page
    assert "more than" not in page
    assert 'class="visually-hidden">about </span>' in page


@pytest.mark.parametrize(
    ("total", "is_exact", "words"),
    [
        (0, True, "0 products"),
        (1, True, "1 product"),
        (1_234, True, "1,234 products"),
        (48_123, False, "about 48,000 products"),
        (1_049_600, False, "about 1,000,000 products"),
        (12_016, False, "about 12,000 products"),
        (10_000, False, "more than 10,000 products"),
        (9_600, False, "more than 10,000 products"),
    ],
)
def test_totals_in_words(app: Flask, total: int, is_exact: bool, words: str) -> None:
    with app.test_request_context():
        assert products_in_words(total, is_exact) == words


def test_counts_are_as_rough_as_they_are(app: Flask) -> None:
    with app.test_request_context():
        assert Count(1_616).text == "1,616"
        assert [Count(number, False).text for number in (0, 16, 160, 976, 1_616)] == [
            "",
            "20",
            "200",
            "1,000",
            "1,600",
        ]
    assert rounded(5) == 5
