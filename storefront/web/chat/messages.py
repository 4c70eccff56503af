"""Sending a message, and stopping the answer to it."""

from __future__ import annotations

import time
import uuid

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from storefront.assistant import queries, services
from storefront.assistant.errors import AnswerInProgress, ConversationClosed, EmptyMessage, MessageTooLong
from storefront.assistant.events import Done
from storefront.core.db import release
from storefront.core.extensions import limiter
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.answering import (
    answer_here,
    follow_answer,
    hand_to_worker,
    place_to_wait,
    stop_answer,
)
from storefront.http.chat_events import shown_message
from storefront.http.rendering import wants_fragment
from storefront.http.visitor import current_visitor, ensure_session
from storefront.http.wording import explain
from storefront.web.chat.area import address_limit, blueprint, message_limit, sender
from storefront.web.chat.talk import asked_view, render_page

# Without JavaScript the answer comes with the page, so the page waits for it; after that it says where to look.
WAIT_FOR_ANSWER_SECONDS = 20.0
_DISCARDED_BYTES = 32_000_000


@blueprint.post("/messages")
@limiter.limit(message_limit, key_func=sender)
@limiter.limit(address_limit)
def send() -> ResponseReturnValue:
    """Store the message and have it answered: by the worker, or right here where the queue is away."""
    text = request.form.get("message", "")
    try:
        if not text.strip():
            raise EmptyMessage
        identity = ensure_session()
        conversation_id = services.open_conversation(identity, "page" if asked_view() == "page" else "widget")
        exchange = services.receive_message(
            identity, conversation_id, text, longest=current_settings().chat_message_characters
        )
    except (EmptyMessage, MessageTooLong) as refusal:
        return _refused(422, explain(refusal), text)
    except (AnswerInProgress, ConversationClosed) as refusal:
        return _refused(409, explain(refusal), text)
    if not hand_to_worker(exchange.answer_id):
        # No queue, and so no log either: the whole answer comes with this response, from the built-in assistant.
        answer_here(exchange.answer_id)
    if wants_fragment():
        return _sent(identity, exchange)
    _wait_for(identity, exchange.answer_id)
    return redirect(url_for("chat.page", _anchor="latest"), 303)


def _sent(identity: Identity, exchange: services.Exchange) -> str:
    sent, answer = (
        queries.message(identity, message_id) for message_id in (exchange.message_id, exchange.answer_id)
    )
    assert sent
    assert answer
    return render_template("chat/_sent.html", sent=shown_message(sent), answer=shown_message(answer))


def _wait_for(identity: Identity, answer_id: uuid.UUID) -> None:
    deadline = time.monotonic() + WAIT_FOR_ANSWER_SECONDS
    with place_to_wait() as may_wait:
        for logged in follow_answer(identity, answer_id) if may_wait else ():
            if time.monotonic() > deadline or (logged is not None and isinstance(logged.event, Done)):
                return


@blueprint.post("/stop")
def stop() -> ResponseReturnValue:
    """Stop the answer that is being made for this visitor, whichever process makes it."""
    identity = current_visitor().identity
    conversation_id = queries.current_conversation_id(identity)
    conversation = queries.conversation(identity, conversation_id) if conversation_id else None
    release()
    if conversation is not None and conversation.streaming is not None:
        stop_answer(conversation.streaming)
    return ("", 204) if wants_fragment() else redirect(url_for("chat.page", _anchor="latest"), 303)


def _refused(status: int, problem: str, text: str) -> ResponseReturnValue:
    """Say why nothing was sent. The text stays where it was typed."""
    if not wants_fragment():
        return render_page(status, text=text, problem=problem)
    response: Response = make_response(render_template("chat/_problem.html", problem=problem), status)
    response.headers["HX-Retarget"] = "#chat-problem"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


@blueprint.errorhandler(413)
def _too_large(_error: HTTPException) -> ResponseReturnValue:
    """More than the shop takes in at all. What was sent is not read, and without JavaScript not put back."""
    _discard_body()
    limit = current_settings().chat_message_characters
    if wants_fragment():
        kept = _(
            "This message is too long: I can read %(limit)s characters at once. Nothing was sent.",
            limit=limit,
        )
        return _refused(413, kept, "")
    problem = _(
        "This message is too long: I can read %(limit)s characters at once. Nothing was sent; go back to find your"
        " text as you typed it.",
        limit=limit,
    )
    return render_template("errors/413.html", message=problem, status=413), 413


def _discard_body() -> None:
    """Read what is still coming: a browser that is sending shows no answer before it has sent all."""
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, _DISCARDED_BYTES)
    while left > 0 and (chunk := stream.read(min(left, 65_536))):
        left -= len(chunk)


@blueprint.errorhandler(429)
def _too_many(error: HTTPException) -> ResponseReturnValue:
    """More messages than one visitor may send; says so where it was typed."""
    problem = _(
        "That were a lot of messages in a short time. Please wait a moment before you send the next one."
    )
    answer = make_response(_refused(429, problem, request.form.get("message", "")))
    retry_after = dict(error.get_headers(request.environ)).get("Retry-After")
    if retry_after:
        answer.headers["Retry-After"] = retry_after
    return answer


@blueprint.errorhandler(CSRFError)
def _expired(_error: CSRFError) -> ResponseReturnValue:
    """The form is older than the session. Without JavaScript the page comes back with a fresh one and the text."""
    if wants_fragment():
        problem = _("This page is too old to send from. Please load it again; copy your text first.")
    else:
        problem = _("The form had expired. Nothing was sent: please send it again.")
    return _refused(400, problem, request.form.get("message", ""))
