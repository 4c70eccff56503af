"""The schedule as a program: ``celery -A storefront.jobs.timetable:celery beat`` says when, the jobs worker does it.

A program of its own, because Celery never starts the one inside a worker again: a shop whose schedule stands still
looks well, sends no letter and keeps every hold. It loads the settings and the schedule, and nothing of the shop.
"""

from __future__ import annotations

from storefront.core import embedded
from storefront.core.settings_reading import load_settings
from storefront.jobs.celery_app import celery, configure

_settings = load_settings()
configure(
    _settings.redis_url.get_secret_value()
    if _settings.redis_url
    else embedded.attach(_settings.instance_dir).redis_url,
    modules=(),
)

__all__ = ["celery"]
