"""What of a guest's request decides which page it gets, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

_FILTERS = frozenset(
    {"category", "brand", "price_min", "price_max", "rating", "stock", "tag", "sort", "page"}
)
_CHOICES = ("option.", "spec.")
# A search for words is not among them: each one is written into the search log. Nor is a position in a long list:
# whoever walks through a million products would push out the pages that others share.
_PLACES: tuple[tuple[str, frozenset[str]], ...] = (
    ("/c/", _FILTERS),
    ("/search/suggest", frozenset({"q"})),
    ("/search", _FILTERS),
    ("/p/", frozenset({"variant", "stars", "order", "page"})),
    ("/pages/", frozenset()),
)
# Whoever put a link to us somewhere marks it with these; no page reads them.
_MARKS = frozenset({"gclid", "fbclid", "msclkid", "dclid", "mc_cid", "mc_eid", "igshid", "yclid"})
_MARK_PREFIX = "utm_"
_LONGEST = 400
_LONGEST_TYPED = 12
"""First letters are typed by many, whole sentences by one: only the first are worth keeping an answer for."""
_MOST_ARGUMENTS = 12
# Also on the way to a page that is kept: for the log, and for answers that turn out not to be kept.
_NEVER_ON_THE_PAGE = ("HTTP_HOST", "HTTP_USER_AGENT", "HTTP_ACCEPT_ENCODING")


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A page for guests. ``key`` is its name among those that are kept, None where it is not to be kept."""

    key: str | None
    query: str
    fragment: bool
    language: str

    def only_this(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """The request without anything that is not part of the name: cookies, other arguments."""
        if self.key is None:
            return dict(environ)
        plain = {
            name: value
            for name, value in environ.items()
            if not name.startswith("HTTP_") or name in _NEVER_ON_THE_PAGE
        }
        if self.fragment:
            plain["HTTP_HX_REQUEST"] = "true"
        plain["QUERY_STRING"] = self.query
        return plain


def guest_address(environ: Mapping[str, Any], by_host: bool, language: str) -> PageAddress | None:
    """The page that is asked for, or None where it is no reading of a page that may be for everybody.

    ``by_host``: pages name their own address as it was asked for, so each host has its own. ``language`` is what the
    page is to be in.
    """
    path: str = environ.get("PATH_INFO", "")
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" in environ:
        return None
    known = _arguments_of(path)
    if known is None:
        return None
    asked: str = environ.get("QUERY_STRING", "")
    query = _normal_query(asked, known) if asked else ""
    fragment = _is_swap(environ)
    longest = _LONGEST_TYPED + len(path) + len("q=") if path.endswith("/suggest") else _LONGEST
    if query is None or len(path) + len(query) > longest:
        return PageAddress(None, asked, fragment, language)
    host = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}" if by_host else ""
    kind = "part" if fragment else "page"
    return PageAddress(f"{kind} {language} {host}{path}?{query}", query, fragment, language)


def _arguments_of(path: str) -> frozenset[str] | None:
    if path == "/":
        return frozenset()
    for prefix, names in _PLACES:
        if path.startswith(prefix):
            return names
    return None


def _normal_query(query: str, known: frozenset[str]) -> str | None:
    """The arguments that count, in one order; None where one is not known."""
    if len(query) > 4 * _LONGEST:
        return None
    pairs = parse_qsl(query, keep_blank_values=True)
    counting = [
        (name, value) for name, value in pairs if name not in _MARKS and not name.startswith(_MARK_PREFIX)
    ]
    if len(counting) > _MOST_ARGUMENTS:
        return None
    if not all(name in known or (known and name.startswith(_CHOICES)) for name, _value in counting):
        return None
    return urlencode(sorted(counting, key=lambda pair: pair[0]))


def _is_swap(environ: Mapping[str, Any]) -> bool:
    """As :func:`storefront.http.rendering.wants_fragment` reads it."""
    return (
        environ.get("HTTP_HX_REQUEST") == "true"
        and environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
        and environ.get("HTTP_HX_BOOSTED") != "true"
    )
