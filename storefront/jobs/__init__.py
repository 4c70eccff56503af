"""Work outside the request: the outbox's drain and the schedule. Entry point ``wsgi:celery``."""

from storefront.jobs.celery_app import celery, init_celery

__all__ = ["celery", "init_celery"]
