"""Which tests a worker gets: module by module, what takes long first, and all that looks through a browser together."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

LONG = (
    "tests/browser/",
    "tests/chaos/",
    "tests/histories/",
    "tests/unit/embedded/",
    "tests/migrations/",
    "tests/web/",
    "tests/unit/search/",
)
"""What takes longest, by the beginning of its path: begun last, it would leave the other workers idle."""


class LongestFirst(LoadScopeScheduling):
    """``--dist loadscope`` whose browser tests are one scope: one shop and one Chromium serve them all."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return "tests/browser" if scope.startswith("tests/browser/") else scope


def rank(nodeid: str) -> int:
    """The lower, the earlier a test is to begin."""
    return next((place for place, path in enumerate(LONG) if nodeid.startswith(path)), len(LONG))
