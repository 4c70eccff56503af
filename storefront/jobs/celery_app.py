"""The Celery application: broker from the settings, each task inside the Flask application's context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from celery import Celery, Task
from flask import Flask

from storefront.core.queues import JOBS_QUEUE
from storefront.core.settings import Settings

TASK_MODULES = (
    "storefront.jobs.cache",
    "storefront.jobs.chat",
    "storefront.jobs.embeddings",
    "storefront.jobs.events",
    "storefront.jobs.knowledge",
    "storefront.jobs.mail",
    "storefront.jobs.memberships",
    "storefront.jobs.orders",
    "storefront.jobs.outbox",
    "storefront.jobs.payments",
    "storefront.jobs.popularity",
    "storefront.jobs.returns",
    "storefront.jobs.reminders",
    "storefront.jobs.search_index",
    "storefront.jobs.searches",
    "storefront.jobs.stock",
    "storefront.jobs.upkeep",
    "storefront.jobs.words",
)

celery = Celery("storefront")


def init_celery(app: Flask, settings: Settings) -> None:
    """Bind the Celery application to ``app``, with its tasks and the schedule."""

    class ContextTask(Task):  # type: ignore[type-arg]
        """A task that finds ``current_app`` and a database session of its own."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return super().__call__(*args, **kwargs)

    assert settings.redis_url is not None
    celery.Task = ContextTask  # type: ignore[misc]  # Celery's documented way; its stubs say read-only
    configure(settings.redis_url.get_secret_value(), TASK_MODULES)


def configure(redis_url: str, modules: Sequence[str]) -> None:
    """Say where the jobs wait, what runs when, and which ``modules`` hold the tasks for whoever works on them."""
    from storefront.jobs.schedule import SCHEDULE

    broker = celery_url(redis_url)
    celery.conf.update(
        broker_url=broker,
        result_backend=None,
        task_ignore_result=True,
        task_default_queue=JOBS_QUEUE,
        task_acks_late=True,
        task_time_limit=600,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "visibility_timeout": 900,
        },
        broker_connection_max_retries=None,
        imports=tuple(modules),
        beat_schedule=SCHEDULE,
        timezone="UTC",
    )
    celery.set_default()


def celery_url(redis_url: str) -> str:
    """Celery's spelling of a Redis address: a socket is ``redis+socket://``, and its ``db`` a ``virtual_host``."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _question_mark, query = redis_url.removeprefix("unix://").partition("?")
    query = re.sub(r"\bdb=", "virtual_host=", query)
    return f"redis+socket://{path}?{query}" if query else f"redis+socket://{path}"
