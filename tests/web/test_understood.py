"""What is said about a text that was not simply found as it stands, and where a person goes from there."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.search.services import refresh_words
from tests.factories.catalog import make_brand, make_category, make_product, make_variants

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def shop(app: Flask) -> None:
    with app.app_context():
        tents, lamps = make_category("Tents"), make_category("Lamps")
        for name, price in (("Ridge tent", "120.00"), ("Dome tent", "80.00")):
            tent = make_product(name, price, 0, category=tents, brand=make_brand(f"Brand of {name}"))
            make_variants(tent, [{"Colour": "Red"}, {"Colour": "Moss green"}], price=price)
        make_product("Paper lantern", "9.00", category=lamps)
        refresh_words()


def said(page: str) -> str | None:
    """The sentence above the list, as it is read."""
    found = re.search(r'<p class="search-note" id="understood">(.*?)</p>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else None


def links(page: str) -> list[str]:
    found = re.search(r'<p class="search-note" id="understood">(.*?)</p>', page, re.DOTALL)
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', found[1])] if found else []


def chips(page: str) -> dict[str, str]:
    """The chosen filters, with the address without each."""
    found = re.findall(r'<a class="filter-chip" href="([^"]+)" hx-get.*?</span>(.*?)<svg', page)
    return {unescape(label): unescape(address) for address, label in found}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tent", None),
        ("lantren", "These are the results for lantern. Search for exactly “lantren”"),
        ("paper lantren", "These are the results for paper lantern. Search for exactly “paper lantren”"),
        ("lant", "We have completed “lant”: these products hold words that begin so."),
        ("paper tent", "Hardly any product holds all words of “paper tent”. These hold some of them."),
        (
            "paper tetn",
            "Hardly any product holds all words of “paper tetn”. These hold some of them. Did you mean paper tent?",
        ),
        ("", None),
        ("   ", None),
        ("qqqzzzqqq", None),
    ],
)
def test_one_clear_sentence(client: FlaskClient, text: str, sentence: str | None) -> None:
    for headers in ({}, FRAGMENT):
        page = client.get("/search", query_string={"q": text}, headers=headers)
        assert page.status_code == 200
        assert said(page.text) == sentence


def test_both_readings_of_a_mended_text_are_one_step_away(client: FlaskClient) -> None:
    page = client.get("/search?q=paper+lantren&price_max=20").text
    mended, exactly = links(page)
    assert mended == "/search?q=paper+lantern&price_max=20"
    assert exactly == "/search?q=paper+%22lantren%22&price_max=20"
    assert said(client.get(mended).text) is None
    assert said(client.get(exactly).text) == (
        'Hardly any product holds all words of “paper "lantren"”. These hold some of them.'
    )
    nothing = client.get("/search?q=%22lantren%22").text
    assert "We found nothing for “lantren”" in nothing
    assert nothing.count("<h1") == 1


def test_filters_that_a_text_names_are_seen_and_taken_back(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": "red tent under 100"}).text
    assert "<h1>Results for “tent”</h1>" in page
    assert chips(page) == {
        "Colour: Red": "/search?q=tent&price_max=100",
        "Up to €100.00": "/search?q=tent&option.Colour=Red",
    }
    assert "1 product" in page
    assert set(chips(client.get("/search?q=tent&price_max=100").text)) == {"Up to €100.00"}


def test_a_brand_that_a_text_names_is_a_chip(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": 'tent brand:"Brand of Dome tent"'}).text
    assert chips(page) == {"Brand of Dome tent": "/search?q=tent"}
    assert "1 product" in page


def test_only_a_filter_is_everything_narrowed(client: FlaskClient) -> None:
    page = client.get("/search?q=under+50").text
    assert "<h1>All products</h1>" in page
    assert chips(page) == {"Up to €50.00": "/search"}


def test_no_text_is_everything(client: FlaskClient) -> None:
    for address in ("/search", "/search?q=", "/search?q=+++"):
        page = client.get(address).text
        assert "<h1>All products</h1>" in page
        assert "3 products" in page
        assert 'href="http://localhost/search"' in page


@pytest.mark.parametrize("headers", [{}, FRAGMENT])
def test_nothing_found_leads_on(client: FlaskClient, headers: dict[str, str]) -> None:
    page = client.get("/search?q=qqqzzzqqq", headers=headers)
    assert "We found nothing for “qqqzzzqqq”" in page.text
    for way in ('href="/chat"', 'href="/search"', 'href="/c/tents"', 'href="/c/lamps"'):
        assert way in page.text
    assert "What others like" in page.text
    assert page.text.count('id="listing"') == 1
    assert page.text.count("<h1") == (0 if headers else 1)


def test_nothing_with_a_filter_says_what_was_looked_for(client: FlaskClient) -> None:
    page = client.get("/search?q=lantren&price_max=1").text
    assert said(page) == "We looked for “lantern”, too, and found nothing."
    assert "Nothing fits all of your filters" in page
    assert chips(page) == {"Up to €1.00": "/search?q=lantren"}
