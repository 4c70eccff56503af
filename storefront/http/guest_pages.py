"""Pages that are the same for everybody who comes without a session cookie.

A view calls :func:`same_for_guests` with the tags of what it shows. The answer then carries nothing personal (no
cookie, no token, nothing of a session), says so to caches, and may be kept by :mod:`storefront.http.page_cache`.
Everybody else's page stays private.
"""

from __future__ import annotations

from flask import Flask, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from storefront.http.visitor import current_visitor

EVERYBODY = "public, max-age=0, must-revalidate"
"""A browser or a shared cache may keep a guest's page, and asks each time whether it is still right: after a
sign-in or a first line in the cart the same address shows something else."""
TAGS = "storefront.page_tags"
"""Where in the WSGI environment the tags of a guest page are left for the page cache."""


def same_for_guests(*tags: str) -> None:
    """This page, made of what ``tags`` name, is the same for all guests."""
    if request.method in ("GET", "HEAD") and not current_visitor().has_cookie:
        g.guest_page_tags = tags


class SessionCookies(SecureCookieSessionInterface):
    """Flask's signed cookie. An answer that is meant for everybody neither sets it nor varies by it."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where the answer is somebody's own."""
        if not response.cache_control.public:
            super().save_session(app, session, response)


def _mark(response: Response) -> Response:
    tags = g.pop("guest_page_tags", None)
    if tags is None or response.status_code != 200 or session.modified or "Set-Cookie" in response.headers:
        return response
    response.headers["Cache-Control"] = EVERYBODY
    if TAGS in request.environ:
        request.environ[TAGS] = tags
        request.environ.pop("HTTP_ACCEPT_ENCODING", None)  # the page cache compresses, once for all
    return response


def init_app(app: Flask) -> None:
    """Mark guests' pages."""
    app.session_interface = SessionCookies()
    app.after_request(_mark)
