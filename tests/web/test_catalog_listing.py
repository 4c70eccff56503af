"""Home, category and search as people get them: whole pages, fragments, addresses, budgets, bad input."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.core.cache import forget
from storefront.core.db import release, session
from storefront.search.log_models import SearchLog
from storefront.search.services import refresh_words, write_log
from tests.emptying import Once
from tests.factories.catalog import make_brand, make_category, make_picture, make_product, make_variants

FRAGMENT = {"HX-Request": "true"}


def make_shop() -> None:
    """A department with two categories; jackets in sizes; thirty mugs."""
    clothing = make_category("Clothing", description="Layers for walking and waiting.")
    jackets = make_category("Jackets", clothing)
    fell, moor = make_brand("Larkfell"), make_brand("Thrushmoor")
    rain = make_product(
        "Rain Jacket",
        "120.00",
        0,
        category=jackets,
        brand=fell,
        slug="rain-jacket",
        images=[make_picture("pictures/rain", "A blue jacket")],
    )
    make_variants(rain, [{"Size": "M"}, {"Size": "L"}], price="120.00")
    wind = make_product("Wind Jacket", "80.00", 0, category=jackets, brand=moor, slug="wind-jacket")
    make_variants(wind, [{"Size": "S"}], price="80.00")
    mugs = make_category("Mugs")
    for number in range(30):
        make_product(f"Mug {number:02}", "12.00", category=mugs)
    refresh_words()


@pytest.fixture(autouse=True)
def shop(once: Once) -> None:
    """Clothing and mugs."""
    once(make_shop)


def names(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'product-card__name"><a href="[^"]+">([^<]+)<', page)]


def test_home_shows_departments_and_products(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Where would you like to begin?" in page.text
    assert 'href="/c/clothing"' in page.text
    assert "New here" in page.text


def test_category_page_holds_list_facets_and_way(client: FlaskClient) -> None:
    page = client.get("/c/jackets").text
    assert set(names(page)) == {"Rain Jacket", "Wind Jacket"}
    assert "2 products" in page
    assert 'href="/c/clothing"' in page
    assert 'name="brand" value="larkfell"' in page
    assert 'name="option.Size" value="M"' in page


def test_facets_are_a_plain_form_whose_answer_is_a_page(client: FlaskClient) -> None:
    page = client.get("/c/jackets?brand=larkfell&option.Size=M&price_min=&price_max=&sort=relevance").text
    assert names(page) == ["Rain Jacket"]
    assert "1 product" in page
    assert 'value="larkfell" id="facet-brand-larkfell" checked' in page
    assert re.search(r'<option value="relevance" selected', page)


def test_fragment_is_the_list_alone_with_its_address_and_announcement(client: FlaskClient) -> None:
    response = client.get("/c/jackets?brand=larkfell&price_min=&price_max=", headers=FRAGMENT)
    assert response.status_code == 200
    assert "<html" not in response.text
    assert response.text.lstrip().startswith('<div class="listing" id="listing">')
    assert response.headers["HX-Push-Url"] == "/c/jackets?brand=larkfell"
    assert json.loads(response.headers["HX-Trigger-After-Swap"]) == {"announce": "1 product"}
    assert "HX-Request" in response.headers["Vary"]


def test_history_restore_gets_the_whole_page(client: FlaskClient) -> None:
    headers = {**FRAGMENT, "HX-History-Restore-Request": "true"}
    assert "<html" in client.get("/c/jackets", headers=headers).text


def test_chip_of_a_filter_leads_to_the_list_without_it(client: FlaskClient) -> None:
    page = client.get("/c/jackets?brand=larkfell&option.Size=M&page=4").text
    chips = re.findall(r'class="filter-chip" href="([^"]+)"', page)
    assert [unescape(chip) for chip in chips] == ["/c/jackets?brand=larkfell", "/c/jackets?option.Size=M"]
    assert 'class="applied__clear" href="/c/jackets"' in page


def test_children_keep_what_is_chosen(client: FlaskClient) -> None:
    page = client.get("/c/clothing?brand=larkfell").text
    assert 'href="/c/jackets?brand=larkfell"' in page


@pytest.mark.parametrize(
    ("asked", "shown"), [("1", 1), ("2", 2), ("99", 2), ("-3", 1), ("x", 1), ("9" * 40, 2)]
)
def test_pages_are_links_and_strange_numbers_are_clamped(client: FlaskClient, asked: str, shown: int) -> None:
    page = client.get("/c/mugs", query_string={"page": asked})
    assert page.status_code == 200
    assert len(names(page.text)) == {1: 24, 2: 6}[shown]
    assert f"page {shown} of 2" in page.text


def test_category_under_its_whole_path_moves_to_its_own_address(client: FlaskClient) -> None:
    response = client.get("/c/clothing/jackets")
    assert (response.status_code, response.location) == (301, "/c/jackets")
    assert client.get("/c/attic").status_code == 404
    assert client.get("/c/attic/%00").status_code == 404


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/c/jackets", 3),
        ("/c/jackets?brand=larkfell&option.Size=M", 3),
        ("/c/mugs?page=2", 3),
        ("/search", 3),
        ("/", 3),
        ("/search?q=jacket", 3),
        ("/search?q=jakcet", 3),
        ("/search?q=jacket&brand=larkfell", 3),
        ("/search?q=xylophone", 4),
    ],
)
def test_query_budget_of_a_listing(client: FlaskClient, assert_queries, path: str, most: int) -> None:
    # The category tree, the facets' numbers and a text's neighbours in meaning are at hand once they were asked for.
    client.get(path)
    forgotten(client.application)
    with assert_queries(most):
        assert client.get(path).status_code == 200


def test_search_is_logged_once_and_not_for_each_filter_and_page(client: FlaskClient, app: Flask) -> None:
    for query in ("q=jacket", "q=jacket&brand=larkfell", "q=mug&page=2", "q=", "q=xylophone"):
        client.get(f"/search?{query}")
    with app.app_context():
        write_log()
        rows = session().query(SearchLog).order_by(SearchLog.created_at)
        assert [(row.query, row.results_count) for row in rows] == [("jacket", 2), ("xylophone", 0)]
        release()


def test_misspelt_search_finds_and_names_what_was_meant(client: FlaskClient) -> None:
    page = client.get("/search?q=jakcet").text
    assert set(names(page)) == {"Rain Jacket", "Wind Jacket"}
    assert 'href="/search?q=jacket"' in page
    assert "These are the results for" in page


def test_nothing_found_is_a_page_of_use(client: FlaskClient) -> None:
    page = client.get("/search?q=xylophone")
    assert page.status_code == 200
    assert "We found nothing for “xylophone”" in page.text
    assert 'href="/c/mugs"' in page.text
    assert "What others like" in page.text


def test_text_in_the_page_is_escaped(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": '<img src=x onerror=alert(1)>"'}).text
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    "query",
    [
        {"q": "x" * 10_000},
        {"q": "a & b | ! ( ) :*"},
        {"q": "nul\x00"},
        {"q": "🏕️"},
        {"q": "tent", "category": "attic"},
        {"price_min": "900", "price_max": "1"},
        {"price_min": "NaN", "price_max": "1e99"},
        {"price_min": "cheap"},
        {"rating": "eleven", "stock": "yes", "sort": "'", "page": "1e9"},
        {"option.": "M", "option.Smell": "Pine", "spec.\x00": "\x00"},
        {"brand": "\x00", "tag": "'; DROP TABLE products; --"},
    ],
)
def test_bad_input_gives_a_sensible_page(client: FlaskClient, query: dict[str, str]) -> None:
    for path in ("/search", "/c/jackets"):
        page = client.get(path, query_string=query, follow_redirects=True)
        assert page.status_code == 200, path
        assert "</html>" in page.text


def test_a_text_of_ten_thousand_characters_leads_to_an_address_that_a_header_can_hold(
    client: FlaskClient,
) -> None:
    asked = {"q": "jacket " * 1_500, "option.Size": "M", "_external": "1"}
    there = client.get("/search", query_string=asked)
    assert there.status_code == 302
    assert len(there.location) < 400
    assert there.location.startswith("/search?q=jacket+jacket")
    assert "option.Size=M" in there.location
    assert client.get(there.location).status_code == 200


def test_suggestions_are_a_fragment_of_links(client: FlaskClient) -> None:
    response = client.get("/search/suggest?q=jac", headers=FRAGMENT)
    assert response.status_code == 200
    assert "<html" not in response.text
    assert 'href="/c/jackets"' in response.text
    assert 'href="/p/rain-jacket"' in response.text
    assert client.get("/search/suggest?q=zzzzzz", headers=FRAGMENT).text.strip() == ""


def test_suggestions_without_javascript_lead_to_the_search(client: FlaskClient) -> None:
    response = client.get("/search/suggest?q=jac")
    assert (response.status_code, response.location) == (302, "/search?q=jac")


def test_lists_tell_search_engines_what_they_are(client: FlaskClient) -> None:
    page = client.get("/c/jackets").text
    assert '<link rel="canonical" href="http://localhost/c/jackets">' in page
    assert "noindex" not in page
    data = json.loads(re.findall(r'application/ld\+json">(.*?)</script>', page)[0])
    assert data["@type"] == "BreadcrumbList"
    assert [item["name"] for item in data["itemListElement"]] == ["Clothing", "Jackets"]
    assert "noindex" in client.get("/c/jackets?brand=larkfell").text
    assert "noindex" in client.get("/search?q=jacket").text


def test_pictures_have_sizes_and_the_first_ones_load_at_once(client: FlaskClient) -> None:
    page = client.get("/c/jackets").text
    picture = re.search(r'<img class="picture[^>]+pictures/rain[^>]+>', page)
    assert picture
    for part in ('width="1440"', 'height="1440"', "320w", "720w", "1440w", "sizes="):
        assert part in picture.group(0)
    assert 'loading="lazy"' not in picture.group(0)


def forgotten(app: Flask) -> None:
    """Answers that were remembered for what is sold are not."""
    with app.app_context():
        forget("products", "catalog")
