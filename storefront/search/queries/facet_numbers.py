"""The numbers of countable facts, as ``facet_values`` gives them: they are never used again, so they may be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

import sqlalchemy as sa
from cachetools import LRUCache

from storefront.core.db import login, session
from storefront.search.models import FacetValue

Fact = tuple[str, str, str]
"""Kind, name (of an option or specification, else empty) and value."""

_MOST_KEPT = 20_000
_kept: LRUCache[tuple[str, Fact], int] = LRUCache(_MOST_KEPT)
_lock = Lock()


def facet_numbers(facts: Iterable[Fact]) -> dict[Fact, int]:
    """The numbers of those ``facts`` that some product has had. A statement only for what this process never met."""
    wanted = list(dict.fromkeys(facts))
    if not wanted:
        return {}
    database = _database()
    with _lock:
        known = {fact: _kept[database, fact] for fact in wanted if (database, fact) in _kept}
    missing = [fact for fact in wanted if fact not in known]
    if missing:
        found = _read(missing)
        keep_facet_numbers(found)
        known |= found
    return known


def keep_facet_numbers(numbers: Mapping[Fact, int]) -> None:
    """Keep what somebody else read."""
    database = _database()
    with _lock:
        _kept.update({(database, fact): number for fact, number in numbers.items()})


def forget_facet_numbers() -> None:
    """Keep nothing: the table was emptied, as no shop's ever is."""
    with _lock:
        _kept.clear()


def _read(facts: list[Fact]) -> dict[Fact, int]:
    row = sa.tuple_(FacetValue.kind, FacetValue.name, FacetValue.value)
    rows = session().execute(
        sa.select(FacetValue.kind, FacetValue.name, FacetValue.value, FacetValue.id).where(row.in_(facts))
    )
    return {(kind, name, value): number for kind, name, value, number in rows}


def _database() -> str:
    """Which database is meant: tests run many in one process."""
    return login()
