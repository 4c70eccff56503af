"""Conversations: the list and one transcript."""

from __future__ import annotations

import uuid

from flask import render_template, request
from flask.typing import ResponseReturnValue

from storefront.admin.access import requires
from storefront.admin.area import blueprint
from storefront.assistant.queries_for_staff import staff_conversations, transcript
from storefront.core.pagination import page_number
from storefront.http.chat_markdown import render_answer


@blueprint.get("/conversations")
@requires("conversations", "read")
def conversations() -> ResponseReturnValue:
    """All conversations, those that wait for a person first."""
    status = request.args.get("status", "")
    page = staff_conversations(status, page_number(request.args.get("page")))
    return render_template("admin/conversations.html", page=page, status=status)


@blueprint.get("/conversations/<uuid:conversation_id>")
@requires("conversations", "read")
def conversation(conversation_id: uuid.UUID) -> ResponseReturnValue:
    """One conversation."""
    found = transcript(conversation_id)
    return render_template("admin/conversation.html", transcript=found, render_answer=render_answer)
