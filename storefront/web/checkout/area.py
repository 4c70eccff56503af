"""The area's blueprint. Its pages belong to one person: no cache keeps a copy."""

from __future__ import annotations

from flask import Blueprint, Response

blueprint = Blueprint("checkout", __name__)


@blueprint.after_request
def _keep_to_ourselves(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
