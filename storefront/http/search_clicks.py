"""What was opened from a search's list, noted on the way in.

The browser says by itself where a person comes from: ``Referer`` names the search, the address the product. So no
page holds an id, no link an argument, no cookie is set and no script runs: kept pages stay the same for everybody
(``docs/decisions/search-log.md``). The note is made when the answer is on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from storefront.search.services import log_click, may_be_slug

Environ = dict[str, Any]
Application = Callable[..., Iterable[bytes]]
_PRODUCT, _SEARCH = "/p/", "/search"
_LONGEST = 4_000
_MOST_ARGUMENTS = 100


class SearchClicks:
    """The WSGI layer around the application and its page cache."""

    def __init__(self, app: Flask, inner: Application) -> None:
        self._app = app
        self._inner = inner

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as before; afterwards note a click."""
        answer = self._inner(environ, start_response)
        came_from = environ.get("HTTP_REFERER", "")
        if f"{_SEARCH}?" not in came_from:
            return answer
        slug, text = _opened(environ), _searched_for(environ, came_from)
        if not slug or not text:
            return answer
        return ClosingIterator(answer, partial(self._note, text, slug, environ.get("REMOTE_ADDR")))

    def _note(self, text: str, slug: str, address: str | None) -> None:
        with self._app.app_context():
            log_click(text, slug, address)


def _opened(environ: Environ) -> str:
    """The slug of the product whose page a person has opened."""
    path: str = environ["PATH_INFO"]
    # A browser that loads a page in advance has not been asked to.
    in_advance = "prefetch" in environ.get("HTTP_SEC_PURPOSE", "")
    slug = path.removeprefix(_PRODUCT)
    is_product = slug != path and "/" not in slug and environ["REQUEST_METHOD"] == "GET"
    return slug if is_product and not in_advance and may_be_slug(slug) else ""


def _searched_for(environ: Environ, came_from: str) -> str:
    """The text of the search that a person comes from."""
    try:
        parts = urlsplit(came_from[:_LONGEST])
        arguments = parse_qs(parts.query, max_num_fields=_MOST_ARGUMENTS)
    except ValueError:
        return ""
    is_ours = parts.netloc == environ.get("HTTP_HOST") and parts.path == _SEARCH
    return arguments.get("q", [""])[0] if is_ours else ""
