"""The security headers of every answer.

The policy allows nothing inline and nothing from elsewhere. A page that needs one exception (a payment frame, say)
sets its own header; these are only defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Flask, Response, request

DIRECTIVES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
HEADERS = {
    # Every page's header names its visitor. What is meant for everybody (pictures, browser files) says so itself.
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ONE_YEAR_OF_HTTPS = "max-age=31536000; includeSubDomains"


def allow(response: Response, additions: Mapping[str, Iterable[str]]) -> Response:
    """Let this one answer use other addresses: ``additions`` by directive, beside what is allowed anyhow."""
    directives = dict(DIRECTIVES)
    for name, sources in additions.items():
        directives[name] = " ".join((directives.get(name, "'self'"), *sources))
    response.headers["Content-Security-Policy"] = "; ".join(
        f"{name} {sources}" for name, sources in directives.items()
    )
    return response


def _add_headers(response: Response) -> Response:
    given = {name.lower() for name, _value in response.headers}
    response.headers.extend((name, value) for name, value in HEADERS.items() if name.lower() not in given)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", ONE_YEAR_OF_HTTPS)
    return response


def init_app(app: Flask) -> None:
    """Put the security headers on every answer of ``app``."""
    app.after_request(_add_headers)
