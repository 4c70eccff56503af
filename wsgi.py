"""The entry points: ``wsgi:app`` for the web server, ``wsgi:celery`` for workers and their schedule."""

import gc

from babel.numbers import format_decimal
from sqlalchemy.orm import configure_mappers

from storefront import create_app
from storefront.jobs import celery

app = create_app()
# What the first request of each worker would do, once for all of them: tables' mappers, and how numbers are written.
configure_mappers()
format_decimal(1, locale=app.config["BABEL_DEFAULT_LOCALE"])
# What is there now stays. Workers that are forked later share its pages for as long as nobody writes into them, and the
# collector would.
gc.collect()
gc.freeze()

__all__ = ["app", "celery"]
