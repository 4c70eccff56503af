"""The talk as the panel and the page show it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flask import render_template, request
from flask.typing import ResponseReturnValue

from storefront.assistant import feedback, queries
from storefront.assistant.queries import ConversationView
from storefront.core.texts import gettext as _
from storefront.http.chat_events import ShownMessage, shown_messages
from storefront.http.visitor import current_visitor

View = Literal["page", "panel"]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation on its way to a template. ``view`` is where it is shown."""

    view: View
    greeting: str
    finished: Sequence[ShownMessage] = ()
    running: ShownMessage | None = None
    suggestions: Sequence[str] = ()
    status: str = "open"

    @property
    def latest_id(self) -> uuid.UUID | None:
        """The shopper's last message: where the page goes after one was sent."""
        return next((one.id for one in reversed(self.finished) if one.role == "shopper"), None)

    @property
    def waits_for_person(self) -> bool:
        """A colleague has been asked and has not come yet."""
        return self.status == "waiting_for_staff"

    @property
    def with_person(self) -> bool:
        """A colleague has taken the conversation over."""
        return self.status == "with_staff"


def current_talk(view: View) -> Talk:
    """The visitor's running conversation, or the greeting of one that has not begun. At most four statements."""
    identity = current_visitor().identity
    conversation_id = queries.current_conversation_id(identity)
    conversation = queries.conversation(identity, conversation_id) if conversation_id else None
    if conversation is None:
        return Talk(view, queries.default_assistant().greeting, suggestions=starters())
    return _talk_of(conversation, view)


def _talk_of(conversation: ConversationView, view: View) -> Talk:
    shown = shown_messages(conversation.messages, feedback.ratings(conversation.messages))
    return Talk(
        view,
        # The greeting opens the talk; it is not repeated above the cut of a long one.
        greeting=conversation.greeting if len(conversation.messages) < queries.LONGEST_HISTORY else "",
        finished=[one for one in shown if not one.is_running],
        running=next((one for one in shown if one.is_running), None),
        suggestions=() if shown else starters(),
        status=conversation.status,
    )


def starters() -> list[str]:
    """What somebody who does not know what to say could say."""
    return [
        _("A gift for a hiker under 50"),
        _("A waterproof jacket in blue"),
        _("Where is my order?"),
        _("How do I return something?"),
    ]


def asked_view() -> View:
    """Where the form was that has been sent."""
    return "panel" if request.form.get("view") == "panel" else "page"


def render_page(status: int = 200, *, text: str = "", problem: str = "") -> ResponseReturnValue:
    """The whole page; ``text`` is put back into the field when it could not be sent."""
    return render_template("chat/page.html", talk=current_talk("page"), text=text, problem=problem), status


def render_panel() -> str:
    """The panel's content."""
    return render_template("chat/_talk.html", talk=current_talk("panel"), text="", problem="")
