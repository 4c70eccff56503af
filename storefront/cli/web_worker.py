"""The web server's workers: gevent's, with what the shop needs beyond.

They read longer addresses than gunicorn allows by itself: a text of ten thousand characters is cut and searched for
rather than refused on a bare page. What is longer is no mistake any more.

And they wait for the database as they wait for everything else. The shop is imported before workers are forked, and
before gevent has patched anything: the driver has chosen to wait in C by then, which stops all requests of a process,
and pools of connections have locks that do the same.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.http import message
from gunicorn.workers.ggevent import GeventWorker
from psycopg import waiting

from storefront.core.db import db

LONGEST_ADDRESS = 131_072
"""Bytes of a request's first line: ten thousand characters, each written as twelve."""

message.MAX_REQUEST_LINE = LONGEST_ADDRESS  # whatever is configured, gunicorn allows no more than this


class Worker(GeventWorker):
    """A worker of the shop."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.cfg.set("limit_request_line", LONGEST_ADDRESS)

    def patch(self) -> None:
        """Make this process cooperative, and what was imported before it."""
        super().patch()
        waiting.wait = waiting.wait_poll
        application = self.app.callable
        if isinstance(application, Flask) and "sqlalchemy" in application.extensions:
            with application.app_context():
                for engine in db.engines.values():
                    engine.dispose(close=False)
