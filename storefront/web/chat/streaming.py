"""The stream of an answer in the making: server-sent events that a reader can take up again anywhere.

An event's id is its place in the log, so a browser that reconnects to any process gets exactly what it has not
had. The last event holds the whole answer as its row has it; a reader who comes when the log is long gone gets
just that.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

from flask import Response, abort, request, stream_with_context
from redis import RedisError

from storefront.assistant import event_log, queries
from storefront.assistant.event_log import START
from storefront.assistant.events import Done
from storefront.assistant.feedback import ratings
from storefront.core.db import release
from storefront.core.identity import Identity
from storefront.core.redis import redis_client
from storefront.http.answering import follow_answer, logged_so_far, place_to_wait
from storefront.http.chat_events import Relay, frame, render_bubble, shown_message
from storefront.http.visitor import current_visitor
from storefront.web.chat.area import blueprint

_EVENT_ID = re.compile(r"\d{1,20}-\d{1,10}")
_RECONNECT_MILLISECONDS = 1_500
_HEARTBEAT = ": still here\n\n"


@blueprint.get("/stream/<uuid:message_id>")
def stream(message_id: uuid.UUID) -> Response:
    """The events of one of the visitor's own answers after ``Last-Event-ID`` (or ``?after=``)."""
    identity = current_visitor().identity
    answer = queries.message(identity, message_id)
    if answer is None or answer.role != "assistant":
        abort(404)
    release()
    return Response(
        stream_with_context(_frames(identity, message_id, _after())),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _after() -> str:
    """Where the reader is; the beginning for one who is new or says something else."""
    given = request.headers.get("Last-Event-ID") or request.args.get("after") or ""
    return given if _EVENT_ID.fullmatch(given) else START


def _frames(identity: Identity, answer_id: uuid.UUID, after: str) -> Iterator[str]:
    yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
    release()
    finished = _finished(identity, answer_id, None)
    if finished and not _is_logged(answer_id):
        yield finished
        return
    relay = _caught_up(answer_id, after)
    with place_to_wait() as may_wait:
        # Without a place the browser gets what is there, and comes back for more after the pause named above.
        source = follow_answer(identity, answer_id, after) if may_wait else logged_so_far(answer_id, after)
        for logged in source:
            if logged is None:
                yield _HEARTBEAT
            elif isinstance(logged.event, Done):
                yield _finished(identity, answer_id, logged.id) or ""
                return
            elif fragment := relay.fragment(logged.event):
                yield frame(fragment, event="part", event_id=logged.id)
    # The log is gone, or there is no place to wait. If the answer is not finished either, the browser asks again.
    yield _finished(identity, answer_id, None) or ""


def _caught_up(answer_id: uuid.UUID, after: str) -> Relay:
    """A relay that knows what this reader has had."""
    relay = Relay(answer_id)
    if after != START:
        try:
            for logged in event_log.read_all(redis_client(), answer_id, until=after):
                relay.fragment(logged.event)
        except RedisError:
            return relay
    return relay


def _is_logged(answer_id: uuid.UUID) -> bool:
    try:
        return event_log.exists(redis_client(), answer_id)
    except RedisError:
        return False


def _finished(identity: Identity, answer_id: uuid.UUID, event_id: str | None) -> str | None:
    """The last event: the whole answer as its row has it. None while it is being made."""
    answer = queries.message(identity, answer_id)
    rating = ratings([answer]).get(answer_id) if answer else None
    release()
    if answer is None or answer.status == "streaming":
        return None
    return frame(render_bubble(shown_message(answer, rating)), event="done", event_id=event_id)
