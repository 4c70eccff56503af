"""What a module writes into the log."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import structlog
from structlog.testing import capture_logs


@contextmanager
def logged_by(module: ModuleType) -> Iterator[list[MutableMapping[str, Any]]]:
    """The lines that ``module`` logs during the block.

    By a logger of its own: the module's keeps what it was set up with when it first spoke, in another test perhaps.
    """
    kept = module.log
    module.log = structlog.get_logger(module.__name__)
    try:
        with capture_logs() as lines:
            yield lines
    finally:
        module.log = kept
