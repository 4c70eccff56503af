"""What runs when. Times in seconds or crontab, all in UTC."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "drain the outbox": {"task": "storefront.jobs.outbox.drain_outbox", "schedule": 3.0},
    "forget what changed": {"task": "storefront.jobs.cache.forget_changes", "schedule": 3.0},
    "write the search log": {"task": "storefront.jobs.searches.write_search_log", "schedule": 5.0},
    "refresh suggestions": {"task": "storefront.jobs.searches.refresh_suggestions", "schedule": 900.0},
    "write search changes": {"task": "storefront.jobs.search_index.write_search_changes", "schedule": 3.0},
    "give back expired holds": {"task": "storefront.jobs.upkeep.release_expired_holds", "schedule": 60.0},
    "finish or cancel stranded orders": {
        "task": "storefront.jobs.upkeep.settle_stranded_orders",
        "schedule": 60.0,
    },
    "issue missing invoices": {"task": "storefront.jobs.orders.issue_missing_invoices", "schedule": 600.0},
    "work on payments": {"task": "storefront.jobs.payments.drain_payments", "schedule": 3.0},
    "ask about undecided payments": {"task": "storefront.jobs.payments.reconcile", "schedule": 60.0},
    "finish returns": {"task": "storefront.jobs.returns.settle_returns", "schedule": 60.0},
    "ask about overdue memberships": {
        "task": "storefront.jobs.memberships.reconcile",
        "schedule": 600.0,
    },
    "remind of carts": {"task": "storefront.jobs.reminders.remind_of_carts", "schedule": 600.0},
    "close abandoned answers": {"task": "storefront.jobs.upkeep.close_abandoned_answers", "schedule": 60.0},
    "make missing vectors": {"task": "storefront.jobs.embeddings.make_vectors", "schedule": 5.0},
    "remove left-over vectors": {
        "task": "storefront.jobs.embeddings.remove_vectors",
        "schedule": crontab(hour="3", minute="40"),
    },
    "refresh the vocabulary": {"task": "storefront.jobs.words.refresh_vocabulary", "schedule": 900.0},
    "refresh popularity": {
        "task": "storefront.jobs.popularity.refresh_popularity",
        "schedule": crontab(hour="2", minute="40"),
    },
    "refresh assistant metrics": {"task": "storefront.jobs.upkeep.refresh_metrics", "schedule": 600.0},
    "create the coming partitions": {
        "task": "storefront.jobs.upkeep.create_partitions",
        "schedule": crontab(hour="2", minute="10"),
    },
    "purge what has expired": {
        "task": "storefront.jobs.upkeep.purge_expired",
        "schedule": crontab(hour="3", minute="20"),
    },
}

_SHORTEST_WAIT_SECONDS = 30.0
_LONGEST_WAIT_SECONDS = 6 * 3_600.0
# A worker that was away for a night finds each task once, not once for every tick it has missed.
for _entry in SCHEDULE.values():
    _pause = _entry["schedule"]
    _waits = max(_pause, _SHORTEST_WAIT_SECONDS) if isinstance(_pause, float) else _LONGEST_WAIT_SECONDS
    _entry["options"] = {"expires": _waits}
