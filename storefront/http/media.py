"""Pictures over HTTP. Their names hold a hash of their content, so browsers may keep them for ever."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from storefront.http.links import link_to
from storefront.providers.object_storage import InvalidKey, storage

blueprint = Blueprint("media", __name__)

PICTURE_WIDTHS = {"small": 320, "medium": 720, "large": 1440}
"""The three sizes of every picture: the longest edge in pixels."""


def media_url(key: str, size: str = "medium") -> str:
    """The address of a picture in one of the sizes of :data:`PICTURE_WIDTHS`."""
    if size not in PICTURE_WIDTHS:
        raise ValueError(f"no picture size {size}")
    return link_to("media.picture", key=f"{key}-{size}.webp")


def picture_sources(key: str) -> Markup:
    """The attributes ``src`` and ``srcset`` of a picture in all its sizes."""
    at = escape(link_to("media.picture", key=key))
    sizes = ", ".join(f"{at}-{size}.webp {width}w" for size, width in PICTURE_WIDTHS.items())
    return Markup(f'src="{at}-medium.webp" srcset="{sizes}"')


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
