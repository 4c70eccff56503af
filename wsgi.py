"""The entry points: ``wsgi:app`` for the web server, ``wsgi:celery`` for workers and their schedule."""

from storefront import create_app
from storefront.jobs import celery

app = create_app()

__all__ = ["app", "celery"]
