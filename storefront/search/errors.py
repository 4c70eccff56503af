"""What the search refuses. Of those who search it refuses almost nothing: any text gives a page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

from storefront.core.errors import DomainError


@dataclass
class UnknownSearchType(DomainError):
    """A search was to be logged as a kind of search that there is not."""

    search_type: str


@dataclass
class SynonymRefused(DomainError):
    """Words that cannot be synonyms: ``word`` is the one at fault where there is one.

    ``taken``: it stands with ``others`` already. ``too_many`` and ``too_long`` name their ``limit``.
    """

    reason: Literal["too_few", "too_many", "too_long", "no_words", "taken"]
    word: str = ""
    others: tuple[str, ...] = ()
    limit: int = 0


@dataclass
class SynonymChangedMeanwhile(DomainError):
    """Somebody else saved the entry since it was opened: ``version`` was edited, ``current`` is stored."""

    synonym_id: uuid.UUID
    version: int
    current: int


@dataclass
class RebuildRunning(DomainError):
    """Somebody makes the read model anew already."""
