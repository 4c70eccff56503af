"""What no page of the shop may do, noted for a whole browser context while a journey runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

# Reported through the console too, but there in the browser's words and without the directive's value.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""
# A request that the person's next step made pointless.
_GIVEN_UP = ("net::ERR_ABORTED",)
# Said by the browser about an answer that is judged by its status already.
_SAID_TWICE = "Failed to load resource"
# Said by htmx about a question that the next one has replaced; what breaks off otherwise is a failed request.
_SAID_OF_GIVEN_UP = ("htmx:afterRequest,", "htmx:sendAbort,")
_BROKEN_PICTURES = """
() => [...document.images].filter((image) => image.complete && image.naturalWidth === 0 && image.currentSrc)
  .map((image) => image.currentSrc)
"""


@dataclass
class Watch:
    """Collects ``problems`` of every page of a context."""

    problems: list[str] = field(default_factory=list)
    _allowed: list[int] = field(default_factory=list)
    _is_cut: bool = False

    def follow(self, context: BrowserContext, *, javascript: bool) -> None:
        """Begin to watch."""
        if javascript:
            context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Answers with these statuses are meant during the block, and each must come."""
        self._allowed = list(statuses)
        yield
        left, self._allowed = self._allowed, []
        if left:
            self.problems.append(f"expected an answer with {left}, none came")

    @contextmanager
    def network_away(self) -> Iterator[None]:
        """Requests may break off during the block."""
        self._is_cut = True
        yield
        self._is_cut = False

    def look_at(self, page: Page) -> None:
        """Note pictures that did not load on ``page``."""
        self.problems += [
            f"broken picture {source} on {page.url}" for source in page.evaluate(_BROKEN_PICTURES)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        known = message.text.startswith((_SAID_TWICE, *_SAID_OF_GIVEN_UP))
        if message.type in ("error", "warning") and not known:
            self.problems.append(
                f"console {message.type}: {message.text} ({message.location.get('url', '')})"
            )

    def _error(self, error: WebError) -> None:
        self.problems.append(f"error in a script: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure not in _GIVEN_UP and not self._is_cut:
            self.problems.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status < 400:
            return
        if response.status in self._allowed:
            self._allowed.remove(response.status)
            return
        path = urlsplit(response.url).path
        self.problems.append(f"{response.status} for {response.request.method} {path}")
