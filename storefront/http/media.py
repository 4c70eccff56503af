"""Pictures over HTTP. Their names hold a hash of their content, so browsers may keep them for ever."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort, url_for
from flask.typing import ResponseReturnValue

from storefront.providers.object_storage import InvalidKey, storage

blueprint = Blueprint("media", __name__)

PICTURE_WIDTHS = {"small": 320, "medium": 720, "large": 1440}
"""The three sizes of every picture: the longest edge in pixels."""


def media_url(key: str, size: str = "medium") -> str:
    """The address of a picture in one of the sizes of :data:`PICTURE_WIDTHS`."""
    if size not in PICTURE_WIDTHS:
        raise ValueError(f"no picture size {size}")
    return url_for("media.picture", key=f"{key}-{size}.webp")


@blueprint.get("/media/<path:key>")
def picture(key: str) -> ResponseReturnValue:
    """One stored object."""
    try:
        found = storage().get(key)
    except InvalidKey:
        found = None
    if found is None:
        abort(404)
    response = Response(found.body, mimetype=found.content_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def init_app(app: Flask) -> None:
    """Serve ``/media/``."""
    app.register_blueprint(blueprint)
