"""Changed products on their way into a search server's index, apart from the common drain: neither a large import nor
a server that hangs holds up mail. A shop on PostgreSQL has no such work."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog

from storefront.core import outbox
from storefront.core.db import transaction
from storefront.core.settings import current_settings
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import handles
from storefront.providers.search_server import SearchServerFailure
from storefront.search.elastic.upkeep import CHANGED, IndexIncomplete, write_changes

log = structlog.get_logger(__name__)
TOGETHER = 4
"""How many entries, of some hundreds of products each at most, are written with one reading of the catalog."""

_ROUNDS = 50
_LEASE = timedelta(minutes=3)


@celery.task(name="storefront.jobs.search_index.write_search_changes")
def write_search_changes() -> int:
    """Write what was noted, in rounds; returns how many entries were done.

    Where the server is away they come again when their lease ends; one that it refuses later and later.
    """
    done = 0
    for _ in range(_ROUNDS):
        with transaction():
            entries = outbox.claim_all(CHANGED, _LEASE, TOGETHER)
        if not entries or not _write(entries):
            break
        done += len(entries)
    return done


def _write(entries: list[outbox.Claimed]) -> bool:
    try:
        search_changed([key for entry in entries for key in entry.payload["product_ids"]])
    except SearchServerFailure as failure:
        log.warning("search_server_failed", code=failure.code, detail=failure.detail, entries=len(entries))
        return False
    except IndexIncomplete as incomplete:
        log.error("search_changes_refused", refused=incomplete.refused, reasons=incomplete.reasons)
        with transaction():
            for entry in entries:
                outbox.postpone(entry, incomplete.reasons[0])
        return True
    with transaction():
        outbox.finish(*entries)
    return True


@handles(CHANGED, apart=True)
def search_changed(product_ids: list[str]) -> None:
    """Write what these products are now."""
    settings = current_settings()
    if settings.search_backend != "elasticsearch":
        return  # noted before a return to PostgreSQL
    from storefront.providers.elasticsearch_client import search_server

    wanted = [uuid.UUID(key) for key in dict.fromkeys(product_ids)]
    write_changes(search_server(), settings.elasticsearch_index, wanted)
