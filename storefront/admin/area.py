"""The blueprint that all staff pages share."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request, url_for

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Staff pages stay out of every cache and every search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.context_processor
def paging() -> dict[str, Callable[[int], str]]:
    """``page_link(n)``: the address of page ``n`` of the list that is shown, filters kept."""

    def page_link(number: int) -> str:
        kept = {key: value for key, value in request.args.items() if key != "page"}
        return url_for(str(request.endpoint), **{**(request.view_args or {}), **kept, "page": number})

    return {"page_link": page_link}
