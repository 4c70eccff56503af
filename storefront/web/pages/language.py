"""The choice of a language, at the foot of each page."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import services as accounts
from storefront.core.settings import current_settings
from storefront.http import languages
from storefront.http.sign_in import own_path
from storefront.http.visitor import current_visitor
from storefront.web.pages.views import blueprint


@blueprint.post("/language")
def choose_language() -> ResponseReturnValue:
    """From now on pages are in that language in this browser, and letters to whoever is signed in."""
    chosen = request.form.get("language", "")
    if chosen not in current_settings().languages():
        abort(400)
    user = current_visitor().user
    if user is not None and user.language != chosen:
        accounts.speak(user.id, chosen)
    response = redirect(_back(), 303)
    languages.remember(response, chosen)
    return response


def _back() -> str:
    """The page that the choice was made on, if it can be opened again: the answer to a form cannot."""
    home, came_from = url_for("catalog.home"), urlsplit(request.referrer or "")
    if came_from.netloc == request.host:
        path = came_from.path.removeprefix(request.script_root)
        adapter = current_app.create_url_adapter(request)
        assert adapter is not None
        if adapter.test(path, method="GET"):
            return own_path(came_from._replace(scheme="", netloc="", fragment="").geturl(), home)
    return home
