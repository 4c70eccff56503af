"""Which language a page is in: the one chosen in this browser, else the best of those the browser asks for.

The choice is a cookie of its own, beside the session: choosing makes nobody a visitor with a session, and guests' pages
can be kept by language (:mod:`storefront.http.page_cache`). An account remembers the language for its letters and for
other browsers (:func:`settle`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from flask import Flask, Response, after_this_request, has_request_context, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as BaseResponse

from storefront.accounts import services as accounts
from storefront.accounts.queries import SignedInUser
from storefront.core.extensions import babel
from storefront.core.settings import current_settings
from storefront.core.texts import language

COOKIE = "shop_language"
ASKED = "storefront.language"
"""Where in the WSGI environment the page cache has left the language of the page that it keeps."""
_CHOSEN = re.compile(rf"(?:^|;)\s*{COOKIE}=([a-z]{{2}})(?=\s*(?:;|$))").search
_LONGEST = 200
_KEPT = timedelta(days=365)


def asked_language(environ: Mapping[str, Any], offered: tuple[str, ...]) -> str:
    """The one of ``offered`` that a request's page is in. The first of them is the shop's own."""
    return _chosen(environ, offered) or _best(environ.get("HTTP_ACCEPT_LANGUAGE", "")[:_LONGEST], offered)


def _chosen(environ: Mapping[str, Any], offered: tuple[str, ...]) -> str | None:
    cookies = environ.get("HTTP_COOKIE", "")
    found = _CHOSEN(cookies) if COOKIE in cookies else None
    return found[1] if found and found[1] in offered else None


@lru_cache(maxsize=1_024)
def _best(accepted: str, offered: tuple[str, ...]) -> str:
    # By the language alone: who reads British English is not served German only because theirs is not offered.
    for wanted, quality in parse_accept_header(accepted, LanguageAccept):
        code = wanted.partition("-")[0].lower()
        if quality > 0 and code in offered:
            return code
    return offered[0]


def choices() -> list[tuple[str, str]]:
    """The languages to choose from as (code, name in itself); none where there is nothing to choose."""
    offered = current_settings().languages()
    return [(code, _own_name(code)) for code in offered] if len(offered) > 1 else []


@lru_cache(maxsize=64)
def _own_name(code: str) -> str:
    name = Locale.parse(code).get_display_name(code) or code
    return name[0].upper() + name[1:]


def remember(response: BaseResponse, chosen: str) -> None:
    """Let the browser keep ``chosen``, one of the shop's languages."""
    response.set_cookie(
        COOKIE,
        chosen,
        max_age=_KEPT,
        httponly=True,
        samesite="Lax",
        secure=current_settings().base_url().startswith("https://"),
    )


def settle(user: SignedInUser) -> None:
    """Somebody signs in: what was chosen in this browser becomes the account's, else the account's is chosen here.

    An account of which nothing is known has the shop's own language; it takes the one that its owner reads.
    """
    offered = current_settings().languages()
    known = user.language if user.language in offered[1:] else None
    if known is not None and _chosen(request.environ, offered) is None:
        _remember_later(known)
    elif user.language != language():
        accounts.speak(user.id, language())


def _remember_later(chosen: str) -> None:
    @after_this_request
    def _set(response: Response) -> Response:
        remember(response, chosen)
        return response


def _select() -> str | None:
    """For flask-babel. None outside of a request: a job words its texts in the language of whom they are for."""
    if not has_request_context():
        return None
    return request.environ.get(ASKED) or asked_language(request.environ, current_settings().languages())


def _name_it(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = language()
        response.vary.add("Accept-Language")
    return response


def init_app(app: Flask) -> None:
    """Word requests' texts in the language that was asked for, and say which it is. Times are the shop's."""
    settings = app.extensions["settings"]
    app.config["BABEL_DEFAULT_LOCALE"] = settings.languages()[0]
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.shop_time_zone
    babel.init_app(app, locale_selector=_select)
    app.jinja_env.globals.update(page_language=language, language_choices=choices)
    app.after_request(_name_it)
