"""Every picture of a page: its space is reserved, the browser chooses its size, and only what is seen is loaded."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.web.small_town import Town, browser_of

FRAGMENT = {"HX-Request": "true"}
PAGES = ("/", "/c/{category}", "/search", "/search?q=tent", "/search?q=qqqzzzqqq", "/p/{product}")


def _pictures(page: str) -> list[dict[str, str]]:
    """The attributes of all pictures in the order of the page."""
    return [dict(re.findall(r'([\w-]+)="([^"]*)"', one)) for one in re.findall(r"<img ([^>]+)>", page)]


@pytest.mark.parametrize("path", PAGES)
def test_pictures_wait_until_they_are_needed(app: Flask, town: Town, path: str) -> None:
    page = browser_of(app, town, "guest").get(path.format(category=town.category, product=town.product))
    pictures = _pictures(page.text)
    assert pictures
    for one in pictures:
        assert int(one["width"]) > 0, one
        assert int(one["height"]) > 0, one
        assert "320w" in one["srcset"], one
        assert one["sizes"], one
        assert "alt" in one, one
    at_once = [number for number, one in enumerate(pictures) if one.get("loading") != "lazy"]
    first = [number for number, one in enumerate(pictures) if one.get("fetchpriority") == "high"]
    if path.startswith(("/c/", "/search?q=tent", "/p/")) or path == "/search":
        assert first == [0], "the first picture comes before everything else"
        assert at_once == list(range(len(at_once)))
        assert len(at_once) <= 4
    else:
        assert first == at_once == [], "what is seen first of this page is no picture"


def test_small_pictures_of_suggestions_are_small(app: Flask, town: Town) -> None:
    page = browser_of(app, town, "guest").ask("/search/suggest?q=ridge")
    for one in _pictures(page.text):
        assert one["sizes"] == "4rem"
        assert one["loading"] == "lazy"
