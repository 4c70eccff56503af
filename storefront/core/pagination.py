"""Pages of a list, as people number them: from 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
LAST_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of ``total`` things; ``number`` counts from 1."""

    items: Sequence[T]
    number: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


def page_number(raw: str | None) -> int:
    """The page somebody asked for, made sensible: anything that is no number from 1 to 10,000 is clamped."""
    try:
        wanted = int(raw or 1)
    except ValueError:
        return 1
    return min(max(wanted, 1), LAST_PAGE)
