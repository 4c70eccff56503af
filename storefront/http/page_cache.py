"""Whole pages for guests, answered before the application is asked.

A page is kept when its view says that it is the same for all guests (:mod:`storefront.http.guest_pages`): in Redis,
and at hand in each process. The view sees nothing of the request but what the name of the kept page is made of
(:mod:`storefront.http.page_address`), so no page can come to depend on somebody's cookie.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from flask import Flask
from redis import RedisError

from storefront.core.at_hand import AtHand
from storefront.core.cache import CacheKind, entry_name, seconds_kept
from storefront.core.cache_store import CacheStore, Turn
from storefront.http.csp import ONE_YEAR_OF_HTTPS
from storefront.http.guest_pages import TAGS
from storefront.http.kept_pages import MOST_AT_HAND, OWN_HEADERS, Headers, KeptPage, Page
from storefront.http.languages import ASKED, asked_language
from storefront.http.page_address import PageAddress, guest_address
from storefront.http.release import release_of

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

NO_PAGE_SECONDS = 5
"""How long it is known that an address has no page to keep (not found, moved): nobody waits for one."""

log = structlog.get_logger("storefront.request")
_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(KeptPage).decode


class PageCache:
    """The WSGI layer around the application."""

    def __init__(self, app: Flask, inner: Application) -> None:
        settings = app.extensions["settings"]
        self._inner = inner
        self._cookie = app.config["SESSION_COOKIE_NAME"] + "="
        self._seconds = seconds_kept(settings, CacheKind.PAGE)
        self._store: CacheStore = app.extensions["cache_store"]
        self._by_host = settings.public_url is None
        self._release = release_of(settings)
        self._languages = settings.languages()
        self._at_hand: AtHand[Page] = self._store.shelf(MOST_AT_HAND)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from what is kept, or ask the application and keep what it says."""
        address = None
        if self._cookie not in environ.get("HTTP_COOKIE", ""):
            address = guest_address(environ, self._by_host, asked_language(environ, self._languages))
        if address is None:
            return self._inner(environ, start_response)
        started = time.perf_counter()
        found = self._find(address)
        if isinstance(found, Page):
            self._store.count(f"{CacheKind.PAGE}:hits")
            return _answer_kept(found, environ, start_response, started)
        return self._ask(address, environ, start_response, found)

    def _find(self, address: PageAddress) -> Page | Turn | None:
        """The page, a turn to make it, or None where nothing is kept."""
        if self._seconds == 0 or address.key is None:
            return None
        try:
            page = self._store.good(self._at_hand, address.key)
            if page is None:
                found = self._store.obtain(entry_name(CacheKind.PAGE, self._release, address.key))
                if isinstance(found, Turn):
                    self._store.count(f"{CacheKind.PAGE}:misses")
                    return found
                page = self._at_hand.put(address.key, found.stamp(), Page.read(_read(found.body)))
        except (RedisError, msgspec.MsgspecError):
            self._store.count(f"{CacheKind.PAGE}:away")
            return None
        return page if page.etag else None

    def _ask(
        self, address: PageAddress, environ: Environ, start_response: StartResponse, turn: Turn | None
    ) -> Iterable[bytes]:
        seen = address.only_this(environ)
        seen[TAGS] = None
        seen[ASKED] = address.language
        try:
            status, headers, body = _run(self._inner, seen)
            page = Page.answered(headers, body) if seen[TAGS] is not None else None
            if turn is not None:
                self._keep(turn, page, seen[TAGS] or (), failed=status >= "5")
        except BaseException:
            if turn is not None:
                with suppress(RedisError):
                    self._store.give_up(turn)
            raise
        if page is None:
            start_response(status, headers)
            return [body]
        own = [pair for pair in headers if pair[0].lower() in OWN_HEADERS]
        return _answer(page, environ, start_response, own)

    def _keep(self, turn: Turn, page: Page | None, tags: tuple[str, ...], *, failed: bool) -> None:
        with suppress(RedisError):
            if page is not None:
                self._store.keep(turn, _write(page.kept()), self._seconds, tags)
            elif failed:
                self._store.give_up(turn)
            else:
                self._store.keep(turn, _write(KeptPage()), NO_PAGE_SECONDS, tags)


def _run(inner: Application, environ: Environ) -> tuple[str, Headers, bytes]:
    """The application's whole answer."""
    written: list[bytes] = []
    begun: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _error: Any = None) -> Callable[[bytes], None]:
        begun[:] = [(status, headers)]
        return written.append

    chunks = inner(environ, start_response)
    try:
        written.extend(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = begun[0]
    return status, headers, b"".join(written)


def _answer_kept(
    page: Page, environ: Environ, start_response: StartResponse, started: float
) -> Iterable[bytes]:
    """Answer and write the log's line, as :mod:`storefront.http.requests` does for the application."""
    number = str(uuid.uuid4())
    own = [("X-Request-ID", number)]
    if environ["wsgi.url_scheme"] == "https":
        own.append(("Strict-Transport-Security", ONE_YEAR_OF_HTTPS))
    answer = _answer(page, environ, start_response, own)
    structlog.contextvars.clear_contextvars()
    log.info(
        "request",
        request_id=number,
        method="GET",
        path=environ["PATH_INFO"],
        status=200 if answer else 304,
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
        kept=True,
    )
    return answer


def _answer(page: Page, environ: Environ, start_response: StartResponse, own: Headers) -> list[bytes]:
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and (page.etag.removeprefix("W/") in known or known.strip() == "*"):
        start_response("304 NOT MODIFIED", page.unchanged() + own)
        return []
    headers, body = page.answer(environ.get("HTTP_ACCEPT_ENCODING", ""))
    start_response("200 OK", headers + own)
    return [body]
