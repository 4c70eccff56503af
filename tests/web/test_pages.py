"""Policies, robots.txt, sitemaps."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.assistant.knowledge import save_source
from storefront.core import clock
from storefront.web.pages.markdown import render_markdown
from tests.factories.catalog import make_category, make_product

NAMESPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture(autouse=True)
def policies(app: Flask) -> None:
    with app.app_context():
        save_source(
            "policy",
            "Privacy",
            "The short version.\n\n## One session cookie\n\nIt is needed, so we ask for no consent.\n\n"
            "| Who | What |\n|---|---|\n| we | little |\n\n## No tracking\n\nNone.\n\n## Mail\n\nOrders only.",
            url="/pages/privacy",
            metadata={"summary": "One cookie."},
        )
        save_source("text", "Internal", "Not a page.", url="/pages/internal")


def test_policy_page_is_the_cited_document_with_linkable_headings(
    client: FlaskClient, assert_queries
) -> None:
    client.get("/pages/privacy")
    with assert_queries(2):
        page = client.get("/pages/privacy")
    assert page.status_code == 200
    assert '<h2 id="one-session-cookie">One session cookie</h2>' in page.text
    assert 'href="#one-session-cookie"' in page.text
    assert "<td>little</td>" in page.text
    assert '<meta name="description" content="One cookie.">' in page.text


@pytest.mark.parametrize("slug", ["internal", "nothing", "%00", "..%2f"])
def test_what_is_no_policy_is_not_found(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/pages/{slug}").status_code == 404


def test_no_consent_is_asked_for_because_nothing_needs_it(client: FlaskClient) -> None:
    page = client.get("/")
    assert 'id="consent"' not in page.text
    assert "Set-Cookie" not in page.headers or "shop_session" in page.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("text", "gone", "kept"),
    [
        ("<script>alert(1)</script>", "<script", "alert(1)"),
        ("[x](javascript:alert(1))", 'href="javascript', "x"),
        ('<img src="x" onerror="alert(1)">', "<img", ""),
        ("![p](https://elsewhere.example/p.png)", "<img", ""),
        ("# Title", "<h1", '<h2 id="title">Title</h2>'),
        ("## A\n\n## A", "", 'id="a-2"'),
        ("**bold** ~~gone~~ `code`", "", "<strong>bold</strong> <s>gone</s> <code>code</code>"),
        ("[mail](mailto:a@example.com)", "", 'href="mailto:a@example.com"'),
    ],
)
def test_markdown_is_safe_and_keeps_its_shape(text: str, gone: str, kept: str) -> None:
    html = str(render_markdown(text).html)
    assert not gone or gone not in html
    assert kept in html


def test_contents_name_the_second_level_headings() -> None:
    sections = render_markdown("## One\n\n### Below\n\n## Über uns & mehr").sections
    assert [(one.title, one.anchor) for one in sections] == [
        ("One", "one"),
        ("Über uns & mehr", "uber-uns-and-mehr"),
    ]


@pytest.mark.parametrize("path", ["/", "/search", "/search?q=tent", "/sitemap.xml"])
def test_shop_without_a_product_has_pages(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_robots_may_read_products_and_not_carts(client: FlaskClient) -> None:
    response = client.get("/robots.txt")
    assert response.mimetype == "text/plain"
    assert "Disallow: /cart" in response.text
    assert "Disallow: /p" not in response.text
    assert "Sitemap: http://localhost/sitemap.xml" in response.text


def test_sitemaps_lead_to_every_public_page(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        tents = make_category("Tents", make_category("Shelter"))
        made = make_product("Drift & Co", category=tents)
        make_product("Tomorrow", slug="tomorrow", published_at=clock.now() + timedelta(days=1))
    index = ElementTree.fromstring(client.get("/sitemap.xml").data)
    maps = [node.text for node in index.findall("s:sitemap/s:loc", NAMESPACE)]
    assert maps == ["http://localhost/sitemap-places.xml", "http://localhost/sitemap-products-1.xml"]
    found: set[str] = set()
    for address in maps:
        assert address
        response = client.get(address)
        assert response.mimetype == "application/xml"
        found |= {
            node.text or ""
            for node in ElementTree.fromstring(response.data).findall("s:url/s:loc", NAMESPACE)
        }
    assert found == {
        "http://localhost/",
        "http://localhost/c/shelter",
        "http://localhost/c/tents",
        "http://localhost/pages/privacy",
        f"http://localhost/p/{made.slug}",
    }
    for address in found:
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "name", ["products-0", "products-9", "products-x", "products-", "carts", "products-²"]
)
def test_sitemaps_that_do_not_exist(client: FlaskClient, name: str) -> None:
    assert client.get(f"/sitemap-{name}.xml").status_code == 404


def test_favicon_s_old_address_leads_to_it(client: FlaskClient) -> None:
    response = client.get("/favicon.ico")
    assert response.status_code == 302
    assert re.search(r"favicon\.[A-Za-z0-9]+\.svg$", response.location)
