"""Forms are only taken from our own pages.

A browser says where a request comes from (``Sec-Fetch-Site``, ``Origin``), and no page can make it lie. What comes
from elsewhere is refused, token or not. A token proves the rest, with few exceptions: putting something into the
cart or on the wish list, asking to be told when it is back, and choosing a language. Their forms are on pages
that are kept for all guests, where a token would be somebody else's; there the browser's word that the form is ours
is enough (``docs/decisions/page-cache.md``).
"""

from __future__ import annotations

from flask import Flask, g, request
from flask_wtf import CSRFProtect

from storefront.core.settings import current_settings

WITHOUT_TOKEN = frozenset({"cart.add", "wishes.change", "reminders.wait", "pages.choose_language"})
SIGNED = frozenset({"webhooks.stripe", "reminders.unsubscribe_at_once"})
"""Sent by programs that know neither page nor cookie: each body or address is signed, and its view checks that."""
_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class FormProtection(CSRFProtect):
    """Flask-WTF's tokens, after a look at where the request comes from."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Let a request pass or raise :class:`flask_wtf.csrf.CSRFError`."""
        if request.endpoint in SIGNED:
            g.csrf_valid = True
            return
        ours = None if request.method in _READING else comes_from_our_page()
        if ours is False:
            self._error_response("The form was sent by a page of somebody else.")
        if ours and request.endpoint in WITHOUT_TOKEN:
            g.csrf_valid = True
            return
        super().protect(apply_exemptions)


def comes_from_our_page() -> bool | None:
    """What the browser says about the page that sent the request. None: it says nothing, as programs do."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site != "none":
        return site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    return origin in (request.host_url.rstrip("/"), current_settings().base_url())


def init_app(app: Flask) -> None:
    """Protect every view of ``app``."""
    FormProtection().init_app(app)
