"""Every error as an answer a person can use: a page, a fragment for HTMX, or a 304-safe short text."""

from __future__ import annotations

import structlog
from flask import Flask, Response, current_app, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from psycopg import errors as postgres
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from storefront.analytics.services import record_error
from storefront.core.errors import DomainError, NotAllowed, NotFound
from storefront.core.settings import current_settings
from storefront.core.texts import N_
from storefront.http.rendering import wants_fragment
from storefront.http.wording import explain

log = structlog.get_logger(__name__)

_PAGES = {400, 403, 404, 405, 410, 413, 429, 500, 503}


TOOK_TOO_LONG = N_(
    "This took longer than it should, so we stopped. Please try again, or ask for less at once."
)


def error_answer(status: int, message: str = "") -> Response:
    """The error page of ``status``, or its message alone into the page's alert area for an HTMX request."""
    if wants_fragment():
        response = make_response(_bare("errors/_message.html", status, message), status)
        response.headers["HX-Retarget"] = "#flash"
        response.headers["HX-Reswap"] = "innerHTML show:top"
        return response
    template = f"errors/{status if status in _PAGES else (400 if status < 500 else 500)}.html"
    render = _bare if status >= 500 else _framed
    return make_response(render(template, status, message), status)


def _framed(template: str, status: int, message: str) -> str:
    return render_template(template, status=status, message=message)


def _bare(template: str, status: int, message: str) -> str:
    """Rendered without what pages have in common: finding out who asks may be just what fails."""
    shop = {"name": current_settings().shop_name}
    return current_app.jinja_env.get_template(template).render(status=status, message=message, shop=shop)


def _domain_error(error: DomainError) -> BaseResponse:
    """A refusal that the view did not word itself: say it where the person was, and change nothing."""
    if isinstance(error, NotFound):
        return error_answer(404)
    if isinstance(error, NotAllowed):
        return error_answer(403, explain(error))
    if wants_fragment() or request.method == "GET" or not _came_from_here():
        return error_answer(409, explain(error))
    flash(explain(error), "error")
    return redirect(request.referrer or "/", 303)


def _came_from_here() -> bool:
    return bool(request.referrer) and str(request.referrer).startswith(request.host_url)


def _http_error(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    response = error_answer(error.code)
    for name in ("Allow", "Retry-After"):
        value = dict(error.get_headers(request.environ)).get(name)
        if value:
            response.headers[name] = value
    return response


def form_expired(_error: CSRFError) -> BaseResponse:
    """A form of an earlier session, or a forged one. An area that can show it filled in again has its own answer."""
    return error_answer(
        400, gettext("This form had expired, so nothing was sent. Please go back and try again.")
    )


def _database_error(error: Exception) -> BaseResponse:
    cause = getattr(error, "orig", None)
    if isinstance(cause, postgres.QueryCanceled):
        log.warning("statement_timeout", path=request.path)
        return error_answer(503, gettext(TOOK_TOO_LONG))
    if isinstance(error, PoolTimeout) or getattr(error, "connection_invalidated", False) or _is_away(cause):
        log.error("database_away", error=str(cause or error).splitlines()[0])
        return error_answer(503)
    return _unexpected(error)


def _is_away(cause: object) -> bool:
    return isinstance(cause, postgres.OperationalError)


def _unexpected(error: Exception) -> BaseResponse:
    log.error("unexpected_error", path=request.path, exc_info=error)
    try:
        record_error(error, path=request.path)
    except SQLAlchemyError:
        log.warning("error_not_recorded", path=request.path)
    return error_answer(500)


def init_app(app: Flask) -> None:
    """Register the handlers. In tests an unexpected error is raised, so that it cannot hide."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, form_expired)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    if not app.testing:
        app.register_error_handler(Exception, _unexpected)
