"""The talk with the assistant: its page, the panel's content, a new talk, thumbs."""

from __future__ import annotations

import uuid

from flask import get_template_attribute, redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.assistant import services
from storefront.assistant.feedback import rate_answer
from storefront.core.extensions import limiter
from storefront.http.rendering import wants_fragment
from storefront.http.visitor import current_visitor, ensure_session
from storefront.web.chat.area import blueprint, message_limit, sender
from storefront.web.chat.talk import asked_view, render_page, render_panel


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The talk as a page of its own."""
    return render_page()


@blueprint.get("/panel")
def panel() -> ResponseReturnValue:
    """The talk as the panel on every page shows it."""
    return render_panel() if wants_fragment() else redirect(url_for("chat.page"))


@blueprint.post("/conversations")
@limiter.limit(message_limit, key_func=sender)
def new() -> ResponseReturnValue:
    """Begin anew. An empty conversation is as good as a new one."""
    services.start_afresh(ensure_session(), "page" if asked_view() == "page" else "widget")
    return render_panel() if wants_fragment() else redirect(url_for("chat.page"), 303)


@blueprint.post("/messages/<uuid:message_id>/rating")
@limiter.limit(message_limit, key_func=sender)
def feedback(message_id: uuid.UUID) -> ResponseReturnValue:
    """A thumb up or down for an answer, or none any more."""
    given = request.form.get("rating")
    rating = None if given == "none" else given
    rate_answer(current_visitor().identity, message_id, rating or None)
    if not wants_fragment():
        return redirect(url_for("chat.page", _anchor=f"a{message_id}"), 303)
    thumbs = get_template_attribute("chat/_parts.html", "thumbs")
    return str(thumbs(message_id, rating))
