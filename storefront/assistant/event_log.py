"""The event log of one answer: a Redis stream named after the message.

The generator appends, any number of readers follow, in any process; a reader that drops asks again from the
last id it saw and misses nothing. Nothing here must last: the message's row in PostgreSQL holds the outcome,
and the log goes an hour after the last event. All functions raise :class:`redis.RedisError` when Redis is away.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from storefront.assistant.events import Done, Event, event_from_json

_KEEP_SECONDS = 3_600
_LONGEST_LOG = 5_000
START = "0-0"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with its id, which orders it within the answer (``1763780000000-0``)."""

    id: str
    event: Event


def _key(message_id: uuid.UUID) -> str:
    return f"chat:{message_id}"


def append(redis: Redis, message_id: uuid.UUID, event: Event) -> str:
    """Add an event; returns its id."""
    key = _key(message_id)
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.xadd(key, {"event": json.dumps(event.to_json())}, maxlen=_LONGEST_LOG, approximate=True)
        pipeline.expire(key, _KEEP_SECONDS)
        added: str = pipeline.execute()[0]
    return added


def read(
    redis: Redis, message_id: uuid.UUID, after: str = START, *, block_ms: int | None = None
) -> list[LoggedEvent]:
    """The events after id ``after``; waits up to ``block_ms`` milliseconds for the first one."""
    answer: Any = redis.xread({_key(message_id): after}, count=200, block=block_ms)
    if not answer:
        return []
    entries = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
    return [
        LoggedEvent(entry_id, event_from_json(json.loads(values["event"]))) for entry_id, values in entries
    ]


def read_all(redis: Redis, message_id: uuid.UUID, until: str | None = None) -> list[LoggedEvent]:
    """Everything logged so far, up to and including id ``until``. Does not wait."""
    entries: Any = redis.xrange(_key(message_id), max=until or "+")
    return [
        LoggedEvent(entry_id, event_from_json(json.loads(values["event"]))) for entry_id, values in entries
    ]


def exists(redis: Redis, message_id: uuid.UUID) -> bool:
    """Whether there is a log: not yet, not any more, or lost with Redis otherwise."""
    return bool(redis.exists(_key(message_id)))


def follow(
    redis: Redis, message_id: uuid.UUID, after: str = START, *, wait_ms: int, patience_ms: int
) -> Iterator[LoggedEvent | None]:
    """Events from ``after`` on until the answer has ended.

    Yields None after each ``wait_ms`` of silence (the relay sends a heartbeat), and gives up after
    ``patience_ms`` of it.
    """
    silence = 0
    while silence < patience_ms:
        events = read(redis, message_id, after, block_ms=wait_ms)
        if not events:
            silence += wait_ms
            yield None
            continue
        silence = 0
        for logged in events:
            after = logged.id
            yield logged
            if isinstance(logged.event, Done):
                return


def ask_to_stop(redis: Redis, message_id: uuid.UUID) -> None:
    """Ask the generator to stop, wherever it runs."""
    redis.set(f"{_key(message_id)}:stop", "1", ex=_KEEP_SECONDS)


def is_asked_to_stop(redis: Redis, message_id: uuid.UUID) -> bool:
    """Whether somebody asked the generator to stop."""
    return bool(redis.exists(f"{_key(message_id)}:stop"))
