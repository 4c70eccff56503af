"""The web server's workers: gevent's, which read longer addresses than gunicorn allows by itself.

A text of ten thousand characters in an address is cut and searched for (:func:`storefront.search.queries.clean_text`)
rather than refused on a bare page. What is longer is no mistake any more.
"""

from __future__ import annotations

from typing import Any

from gunicorn.http import message
from gunicorn.workers.ggevent import GeventWorker

LONGEST_ADDRESS = 131_072
"""Bytes of a request's first line: ten thousand characters, each written as twelve."""

message.MAX_REQUEST_LINE = LONGEST_ADDRESS  # whatever is configured, gunicorn allows no more than this


class Worker(GeventWorker):
    """A worker of the shop."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.cfg.set("limit_request_line", LONGEST_ADDRESS)
