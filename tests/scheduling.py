"""Which tests a worker gets: module by module, what takes long first, and some folders as a whole."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

LONG = (
    "tests/browser/",
    "tests/chaos/",
    "tests/histories/",
    "tests/unit/embedded/",
    "tests/migrations/",
    "tests/concurrency/",
    "tests/web/",
    "tests/unit/search/",
)
"""What takes longest, by the beginning of its path: begun last, it would leave the other workers idle."""


TOGETHER = ("tests/browser/", "tests/concurrency/")
"""One worker's: one shop and one Chromium serve all journeys, and crowds of two workers are too many connections."""


class LongestFirst(LoadScopeScheduling):
    """``--dist loadscope`` with folders that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        module: str = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), module)


def rank(nodeid: str) -> int:
    """The lower, the earlier a test is to begin."""
    return next((place for place, path in enumerate(LONG) if nodeid.startswith(path)), len(LONG))
