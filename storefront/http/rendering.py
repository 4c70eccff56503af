"""Page or fragment: one view serves both, and caches never confuse them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

R = TypeVar("R", bound=BaseResponse)


def wants_fragment() -> bool:
    """True for an HTMX request that swaps a part of the page.

    A history restore and a boosted link ask with ``HX-Request`` too, and need the whole page.
    """
    environ = request.environ
    return (
        environ.get("HTTP_HX_REQUEST") == "true"
        and environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
        and environ.get("HTTP_HX_BOOSTED") != "true"
    )


def page_or_fragment(page: str, fragment: str, status: int = 200, **context: Any) -> Response:
    """Render ``fragment`` for an HTMX swap and ``page`` for everybody else, with ``Vary`` set."""
    response = make_response(render_template(fragment if wants_fragment() else page, **context), status)
    return vary_by_fragment(response)


def vary_by_fragment(response: R) -> R:
    """Tell caches that this address answers a swap with something else than a visit."""
    response.headers.add("Vary", "HX-Request, HX-History-Restore-Request, HX-Boosted")
    return response


def fragment_or_redirect(fragment: str, location: str, announce: str = "", **context: Any) -> BaseResponse:
    """After a write: the changed fragment (and what the live region says), or a redirect without JavaScript."""
    if not wants_fragment():
        return redirect(location, 303)
    response = make_response(render_template(fragment, **context))
    if announce:
        trigger(response, announce=announce)
    return response


def trigger(response: Response, **events: Any) -> None:
    """Ask the page to raise events after the swap, for example ``announce`` for the live region."""
    response.headers["HX-Trigger-After-Swap"] = json.dumps(events)


def leave_to(location: str) -> BaseResponse:
    """Send the browser to another page: a full redirect, also out of an HTMX request."""
    if not wants_fragment():
        return redirect(location, 303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = location
    return response
