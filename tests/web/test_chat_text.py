"""The assistant's Markdown as HTML: what people need, and nothing that could harm them."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.http.chat_markdown import blocks, render_answer, safe_link


@pytest.fixture(autouse=True)
def _context(app: Flask) -> object:
    with app.test_request_context():
        yield


def test_what_a_shop_assistant_writes() -> None:
    html = render_answer("It is **warm** and *light*.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("<strong>warm</strong>", "<em>light</em>", "<li>one</li>", "<td>1</td>"):
        assert part in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        '<a href="https://evil.example" onclick="alert(1)">x</a>',
        "<style>body{display:none}</style>",
        '<form action="https://evil.example"><input name=card></form>',
        "<iframe src=//evil.example></iframe>",
    ],
)
def test_nothing_active_gets_through(text: str) -> None:
    html = str(render_answer(text))
    for tag in ("<script", "<img", "<style", "<form", "<iframe", "<input", "<a "):
        assert tag not in html


def test_a_picture_is_only_a_link_to_it() -> None:
    assert "<img" not in render_answer("![x](https://evil.example/pixel.png)")


def test_headings_do_not_enter_the_pages_outline() -> None:
    html = render_answer("# Big\n\n### Small")
    assert "<h" not in html
    assert "<strong>Big</strong>" in html


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/pages/returns#how-long", ("/pages/returns#how-long", False)),
        ("https://carrier.example/track/1", ("https://carrier.example/track/1", True)),
        (
            "mailto:hello@larkfell.example.com?bcc=x@evil.example",
            ("mailto:hello@larkfell.example.com", False),
        ),
        ("//evil.example/x", None),
        ("/\\evil.example", None),
        ("http://evil.example", None),
        ("https://shop@evil.example/", None),
        ("https:evil.example", None),
        ("javascript:alert(1)", None),
        ("ftp://evil.example", None),
        ("cart", None),
        ("", None),
        ("https://[broken", None),
    ],
)
def test_where_links_may_lead(address: str, expected: tuple[str, bool] | None) -> None:
    assert safe_link(address) == expected


def test_an_address_of_this_shop_becomes_a_path(app: Flask) -> None:
    base = app.extensions["settings"].base_url()
    assert safe_link(f"{base}/p/kettle") == ("/p/kettle", False)
    assert safe_link(base) == ("/", False)
    assert safe_link(f"{base}//evil.example") is None


def test_a_link_elsewhere_opens_beside_and_is_not_endorsed() -> None:
    html = render_answer("[own](/cart) and [other](https://carrier.example/)")
    assert '<a href="/cart">own</a>' in html
    assert 'href="https://carrier.example/" rel="nofollow noopener noreferrer" target="_blank"' in html


def test_a_refused_link_leaves_its_words() -> None:
    assert (
        render_answer("see [the **offer**](http://evil.example)") == "<p>see the <strong>offer</strong></p>\n"
    )


def test_blocks_stay_as_they_are_while_text_arrives() -> None:
    text = "One\ntwo\n\n- a\n- b\n\n```\ncode\n\nmore\n```\n\nEnd"
    assert blocks(text) == ["One\ntwo", "- a\n- b", "```\ncode\n\nmore\n```", "End"]
    for end in range(len(text)):
        earlier = blocks(text[:end])
        assert blocks(text)[: max(len(earlier) - 1, 0)] == earlier[:-1]
