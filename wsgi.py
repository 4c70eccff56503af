"""The entry points: ``wsgi:app`` for the web server, ``wsgi:celery`` for workers and their schedule."""

import gc

from sqlalchemy.orm import configure_mappers

from storefront import create_app
from storefront.jobs import celery

app = create_app()
configure_mappers()  # here and not with the first request of each worker
# What is there now stays. Workers that are forked later share its pages for as long as nobody writes into them, and the
# collector would.
gc.collect()
gc.freeze()

__all__ = ["app", "celery"]
