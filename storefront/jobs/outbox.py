"""The outbox's drain: each entry is handled once it is committed, retried with growing pauses, never lost.

Handlers are idempotent and get the payload's ids as keyword arguments. Entries are claimed one by one with
``FOR UPDATE SKIP LOCKED``, so that several workers share the work; a handler runs outside the claim's
transaction, because it may wait for a mail server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import structlog

from storefront.core import outbox
from storefront.core.db import release, transaction
from storefront.jobs.celery_app import TASK_MODULES, celery

log = structlog.get_logger(__name__)

Handler = Callable[..., None]
_handlers: dict[str, Handler] = {}
_apart: set[str] = set()
CLAIM = timedelta(minutes=5)


def handles(kind: str, *, apart: bool = False) -> Callable[[Handler], Handler]:
    """Register the decorated function as the one handler of outbox entries of this kind.

    Entries ``apart`` have a drain of their own, a scheduled task: much work of theirs holds up nobody's mail.
    """

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"two handlers for {kind}")
        _handlers[kind] = handler
        if apart:
            _apart.add(kind)
        return handler

    return register


def _all_handlers() -> dict[str, Handler]:
    """Every handler, whoever asks: a worker has loaded the modules of tasks, a command or a test may not have."""
    for module in TASK_MODULES:
        import_module(module)
    return _handlers


def drain(limit: int = 200) -> int:
    """Handle up to ``limit`` due entries; returns how many were done."""
    _all_handlers()
    done, apart = 0, sorted(_apart)
    for _ in range(limit):
        with transaction():
            entry = outbox.claim(CLAIM, but=apart)
        if entry is None:
            break
        done += _handle(entry)
    return done


def drain_kind(kind: str, limit: int = 100) -> int:
    """Handle up to ``limit`` due entries of one kind that is drained apart; returns how many were done."""
    _all_handlers()
    done = 0
    for _ in range(limit):
        with transaction():
            entries = outbox.claim_all(kind, CLAIM, limit=1)
        if not entries:
            break
        done += _handle(entries[0])
    return done


def _handle(entry: outbox.Claimed) -> bool:
    handler = _all_handlers().get(entry.kind)
    if handler is None:
        with transaction():
            outbox.postpone(entry, "no handler")
        log.error("outbox_no_handler", kind=entry.kind, entry=str(entry.id))
        return False
    release()
    try:
        handler(**entry.payload)
    except outbox.NotBefore as wish:
        release()
        with transaction():
            outbox.put_off(entry, wish)
        return False
    except Exception as error:  # whatever a handler raises, the entry stays and the drain goes on
        log.exception("outbox_failed", kind=entry.kind, entry=str(entry.id), attempts=entry.attempts)
        release()  # a statement of its own that failed has left a transaction in which nothing can be written
        with transaction():
            outbox.postpone(entry, f"{type(error).__name__}: {error}"[:500])
        return False
    with transaction():
        outbox.finish(entry)
    return True


@celery.task(name="storefront.jobs.outbox.drain_outbox")
def drain_outbox() -> int:
    """The scheduled and the nudged drain."""
    return drain()
