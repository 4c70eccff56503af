"""Starting many people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from storefront.core.db import db

T = TypeVar("T")


def at_once(
    app: Flask, people: Sequence[Callable[[], T]], *, together: int | None = None
) -> list[T | Exception]:
    """Run each callable in an application context and thread of its own; their results or errors, in order.

    ``together`` threads start at one barrier and work through the rest, each with its own connection.
    """
    workers = min(together or len(people), len(people))
    barrier = threading.Barrier(workers)
    started = threading.local()

    def run(act: Callable[[], T]) -> T | Exception:
        if not getattr(started, "yes", False):
            started.yes = True
            barrier.wait(timeout=30)
        with app.app_context():
            try:
                return act()
            except Exception as error:  # noqa: BLE001  the test looks at each one
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(run, people))
