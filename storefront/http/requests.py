"""Each request's id: in the logs, in the answer's headers, on the error page."""

from __future__ import annotations

import time
import uuid

import structlog
from flask import Flask, Response, g, request

from storefront.analytics.origin import Origin, set_origin
from storefront.core.texts import forget_language

log = structlog.get_logger("storefront.request")


def request_id() -> str:
    """The id of the running request."""
    return str(g.request_id)


def _begin() -> None:
    g.request_id = uuid.uuid4()
    g.request_started = time.perf_counter()
    forget_language()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=str(g.request_id))
    set_origin(Origin(str(g.request_id), request.remote_addr, request.user_agent.string[:400] or None))


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    if not request.path.startswith(("/static/", "/media/", "/health")):
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.request_started) * 1000, 1),
        )
    return response


def init_app(app: Flask) -> None:
    """Number the requests of ``app`` and log each once."""
    app.before_request(_begin)
    app.after_request(_end)
