"""A buyer's browser over real HTTP: cookies, no JavaScript, and every answer or lack of one is told."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any

PATIENCE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` 0: nobody answered, or the line was cut."""

    status: int
    text: str = ""
    location: str = ""

    @property
    def failed(self) -> bool:
        """Whether the shop, not the buyer, is at fault: the same request is worth another try."""
        return self.status == 0 or self.status >= 500

    @property
    def path(self) -> str:
        """Where the answer sends the browser, without host and query."""
        return urllib.parse.urlsplit(self.location).path


@dataclass
class Tally:
    """How many requests were sent, and how those that failed did."""

    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, answer: Answer) -> None:
        """One more."""
        with self._lock:
            self.requests += 1
            if answer.failed:
                self.failures[f"HTTP {answer.status}" if answer.status else "no answer"] += 1


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Redirects are the buyer's to follow: where they lead is what is looked at."""


class Browser:
    """One person's browser at the shop at ``url``. Two of its requests may run at once, as with a double click."""

    def __init__(self, url: str, tally: Tally) -> None:
        self._url, self._tally = url, tally
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            _StayHere(),
        )

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._ask(path, None)

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """Send a form of the shop's own page."""
        return self._ask(path, urllib.parse.urlencode(form).encode())

    def _ask(self, path: str, body: bytes | None) -> Answer:
        headers = {"Origin": self._url} if body is not None else {}
        request = urllib.request.Request(self._url + path, body, headers)
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as response:
                answer = _read(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                answer = _finished(error)
        except (OSError, http.client.HTTPException):
            answer = Answer(0)
        self._tally.count(answer)
        return answer


def _finished(error: urllib.error.HTTPError) -> Answer:
    """A redirect or an error page; the line may be cut while it is read."""
    try:
        return _read(error.code, error.headers, error.read())
    except (OSError, http.client.HTTPException):
        return Answer(0)


def _read(status: int, headers: Message, body: bytes) -> Answer:
    return Answer(status, body.decode(errors="replace"), headers.get("Location") or "")
