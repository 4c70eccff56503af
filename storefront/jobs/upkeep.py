"""The scheduled tasks: short, safe to run twice at once, each finding by itself what there is to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog

from storefront.accounts import services as accounts
from storefront.assistant import services as assistant
from storefront.cart import services as carts
from storefront.core import job_runs, outbox, partitions
from storefront.core.clock import now
from storefront.core.db import transaction
from storefront.inventory import services as inventory
from storefront.jobs.celery_app import celery
from storefront.orders import services as orders
from storefront.reminders import services as reminders
from storefront.search import services as searches

log = structlog.get_logger(__name__)
OUTBOX_KEPT = timedelta(days=14)
RUNS_KEPT = timedelta(days=30)


def run(name: str, work: Callable[[], dict[str, int]], *, every_time: bool = False) -> dict[str, int]:
    """Do the work and write down what came of it; a run that found nothing to do leaves a row only on demand."""
    started_at = now()
    try:
        counts = work()
    except Exception as error:
        job_runs.record_run(name, started_at, error=f"{type(error).__name__}: {error}"[:500])
        raise
    if every_time or any(counts.values()):
        log.info(name, **counts)
        job_runs.record_run(name, started_at, result=dict[str, Any](counts))
    return counts


@celery.task(name="storefront.jobs.upkeep.release_expired_holds")
def release_expired_holds() -> dict[str, int]:
    """Stock that was held for an order nobody finished comes back."""
    return run("release_expired_holds", lambda: {"units": inventory.release_expired()})


@celery.task(name="storefront.jobs.upkeep.settle_stranded_orders")
def settle_stranded_orders() -> dict[str, int]:
    """Orders whose process died: placed, or cancelled and released."""
    return run(
        "settle_stranded_orders", lambda: orders.settle_stranded_orders() | _named(orders.give_up_changes())
    )


def _named(changes: dict[str, int]) -> dict[str, int]:
    return {f"changes_{name}": count for name, count in changes.items()}


@celery.task(name="storefront.jobs.upkeep.close_abandoned_answers")
def close_abandoned_answers() -> dict[str, int]:
    """Answers of the assistant whose generator died."""
    return run("close_abandoned_answers", lambda: {"answers": assistant.close_abandoned_answers()})


@celery.task(name="storefront.jobs.upkeep.refresh_metrics")
def refresh_metrics() -> dict[str, int]:
    """The assistants' figures per day."""

    def work() -> dict[str, int]:
        partitions.refresh_chatbot_metrics()
        return {}

    return run("refresh_metrics", work)


@celery.task(name="storefront.jobs.upkeep.create_partitions")
def create_partitions() -> dict[str, int]:
    """The coming months of messages, events, search and audit logs."""
    return run("create_partitions", lambda: {"partitions": partitions.create_partitions()}, every_time=True)


@celery.task(name="storefront.jobs.upkeep.purge_expired")
def purge_expired() -> dict[str, int]:
    """Sessions, tokens, carts and done work whose time is over."""

    def work() -> dict[str, int]:
        with transaction():
            done = outbox.purge_done(now() - OUTBOX_KEPT)
        return {
            **accounts.purge_expired(),
            "carts": carts.purge_forgotten(),
            "outbox": done,
            "stock_alerts": reminders.purge_unconfirmed(),
            "search_tallies": searches.purge_tallies(),
            "job_runs": job_runs.purge_runs(now() - RUNS_KEPT),
        }

    return run("purge_expired", work, every_time=True)
