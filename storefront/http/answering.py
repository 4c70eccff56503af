"""How an answer comes about: handed to the chat worker, followed through its log, made on the spot where it must.

Used by the chat's pages, by the worker and by the command line. Redis may be away at any time, and so may the
worker: the shop then answers by itself, in simpler words, instead of not at all.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import structlog
from celery import current_app as celery
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from storefront.assistant import event_log, queries
from storefront.assistant.answers import end_answer, take_assignment
from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.assistant.engines.protocol import Engine
from storefront.assistant.engines.provider import ProviderEngine
from storefront.assistant.event_log import START, LoggedEvent
from storefront.assistant.events import Done, Event, Failure
from storefront.assistant.loop import Assignment, Workshop, make_answer
from storefront.assistant.queries import MessageView
from storefront.assistant.tools import TOOLS
from storefront.core.db import release
from storefront.core.identity import Identity
from storefront.core.per_application import once_per_application
from storefront.core.queues import CHAT_QUEUE
from storefront.core.redis import redis_client, waiting_redis_client
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import language
from storefront.http.wording import explain
from storefront.providers.language_models import LanguageModel

log = structlog.get_logger(__name__)

TASK = "storefront.jobs.chat.make_answer"
_TASK_EXPIRES_SECONDS = 240
# A reader looks after the answer's row this often while nothing comes, and tells the browser that it is there.
# Shorter than proxies need: only a write shows that the browser has gone, and until then a connection is held.
WAIT_SECONDS = 5.0
_STOP_READS_PER_SECOND = 4
_STOP_PATIENCE_SECONDS = 1.5


class StopSwitch:
    """Whether somebody has asked to stop; asks Redis at most four times a second."""

    def __init__(self, redis: Redis, answer_id: uuid.UUID) -> None:
        self._redis = redis
        self._answer_id = answer_id
        self._is_on = False
        self._read_at = float("-inf")

    def __call__(self) -> bool:
        if not self._is_on and time.monotonic() - self._read_at >= 1 / _STOP_READS_PER_SECOND:
            self._read_at = time.monotonic()
            try:
                self._is_on = event_log.is_asked_to_stop(self._redis, self._answer_id)
            except RedisError:
                return False
        return self._is_on


class LogSink:
    """Appends events to the answer's log. Without Redis the answer is made all the same and kept in its row."""

    def __init__(self, redis: Redis, answer_id: uuid.UUID) -> None:
        self._redis = redis
        self._answer_id = answer_id

    def __call__(self, event: Event) -> None:
        try:
            event_log.append(self._redis, self._answer_id, event)
        except RedisError as error:
            log.warning("event_not_logged", answer=str(self._answer_id), type=event.type, error=str(error))


def workshop(*, use_provider: bool = True, stop: StopSwitch | None = None) -> Workshop:
    """What answering needs here: the provider where one is configured, and always the built-in assistant."""
    settings = current_settings()
    engines: list[Engine] = [BuiltinEngine()]
    model = _provider_model() if use_provider and settings.openai_api_key else None
    if model is not None:
        engines.insert(
            0,
            ProviderEngine(
                model,
                shop=settings.shop_name,
                step_limit=settings.chat_step_limit,
                seconds=settings.chat_timeout_seconds,
            ),
        )
    return Workshop(
        engines=engines,
        tools=TOOLS,
        currency=settings.shop_currency,
        explain=explain,
        is_stopped=stop or (lambda: False),
        unavailable_message=_("I cannot think as well as usual right now, so this is a simpler answer."),
        failed_message=_("I could not finish this answer. Please ask again in a moment."),
        broken_off_message=_("I could not finish my answer. What you see above has been done."),
    )


def _provider_model() -> LanguageModel | None:
    """One client per process and model, since each keeps connections of its own; None without a provider."""
    if current_settings().openai_api_key is None:
        return None
    # Loaded here: the client takes a quarter of the start of a shop that has no provider.
    from storefront.providers.openai_client import configured_model

    name = queries.default_assistant().model
    release()
    return once_per_application(
        f"language_model {name or ''}", lambda settings: configured_model(settings, name)
    )


def make_logged_answer(assignment: Assignment, *, use_provider: bool = True) -> str:
    """Make an answer that has been taken on, into its log and its row; returns the final status."""
    redis = redis_client()
    stop = StopSwitch(redis, assignment.answer_id)
    tools = workshop(use_provider=use_provider, stop=stop)
    return make_answer(assignment, tools, LogSink(redis, assignment.answer_id))


def hand_to_worker(answer_id: uuid.UUID) -> bool:
    """Ask the chat worker for an answer; False when the queue cannot be reached."""
    try:
        redis_client().ping()  # Celery takes seconds to find out that its broker is away
        celery.send_task(
            TASK,
            args=[str(answer_id), language()],
            queue=CHAT_QUEUE,
            expires=_TASK_EXPIRES_SECONDS,
            retry=False,
        )
    except (RedisError, OperationalError, OSError):
        return False
    return True


def answer_here(answer_id: uuid.UUID) -> None:
    """Make the answer in this process by the built-in assistant alone: a web request waits for no provider."""
    assignment = take_assignment(answer_id)
    if assignment is not None:
        make_logged_answer(assignment, use_provider=False)


@contextmanager
def place_to_wait() -> Iterator[bool]:
    """Whether this request may wait for an answer. Half of a process's connections stay free for everybody else."""
    places = once_per_application(
        "waiting_streams", lambda settings: BoundedSemaphore(max(1, settings.web_connections // 2))
    )
    may_wait = places.acquire(blocking=False)
    try:
        yield may_wait
    finally:
        if may_wait:
            places.release()


def logged_so_far(answer_id: uuid.UUID, after: str) -> Iterator[LoggedEvent]:
    """The answer's events after id ``after`` that are there already; none while Redis is away."""
    try:
        while events := event_log.read(redis_client(), answer_id, after):
            yield from events
            after = events[-1].id
    except RedisError as error:
        log.warning("event_log_away", answer=str(answer_id), error=str(error))


def follow_answer(
    identity: Identity, answer_id: uuid.UUID, after: str = START
) -> Iterator[LoggedEvent | None]:
    """The answer's events from id ``after`` on, with None for each silence, until there is nothing more to come.

    Ends after ``Done``; without one where the log is gone or Redis is away: then the row says how it stands.
    No database connection is held while waiting. Where no worker takes the answer on, it is made here; where
    its maker has died, it is closed as failed.
    """
    # As long as a provider may be silent at the most, and a little more.
    patience = current_settings().chat_first_token_timeout_seconds + 2 * WAIT_SECONDS
    release()
    try:
        for logged in event_log.follow(
            waiting_redis_client(),
            answer_id,
            after,
            wait_ms=round(WAIT_SECONDS * 1000),
            patience_ms=round(patience * 1000),
        ):
            if logged is None and not _goes_on(identity, answer_id):
                return
            yield logged
            if logged is not None and isinstance(logged.event, Done):
                return
        _give_up(identity, answer_id)
    except RedisError as error:
        log.warning("event_log_away", answer=str(answer_id), error=str(error))


def _goes_on(identity: Identity, answer_id: uuid.UUID) -> bool:
    """Look after an answer that has been silent: finished (its log is lost), never begun, or just slow."""
    answer = queries.message(identity, answer_id)
    release()
    if answer is None or answer.status != "streaming":
        return False
    answer_here(answer_id)
    return True


def _give_up(identity: Identity, answer_id: uuid.UUID) -> None:
    answer = queries.message(identity, answer_id)
    if answer is not None:
        _end(answer, "failed", Failure("abandoned", _("This answer broke off. Please ask again.")))
    release()


def stop_answer(answer: MessageView) -> None:
    """Stop an answer wherever it is made. It has ended when this returns: by itself, or closed from here."""
    redis = redis_client()
    try:
        event_log.ask_to_stop(redis, answer.id)
        patience = round(_STOP_PATIENCE_SECONDS * 1000)
        release()
        for logged in event_log.follow(
            waiting_redis_client(), answer.id, wait_ms=patience, patience_ms=patience
        ):
            if logged is not None and isinstance(logged.event, Done):
                return
    except RedisError:
        log.warning("stopped_without_log", answer=str(answer.id))
    # Whoever makes it is waiting for a provider, or has died. What comes later is not read any more.
    _end(answer, "stopped")


def _end(answer: MessageView, status: str, *last_words: Event) -> None:
    redis = redis_client()
    try:
        said = [logged.event for logged in event_log.read_all(redis, answer.id)]
    except RedisError:
        said = []
    if end_answer(answer, [*said, *last_words], status):
        sink = LogSink(redis, answer.id)
        for event in (*last_words, Done(status, 0)):
            sink(event)
