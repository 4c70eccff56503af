"""What words can name: the catalog's brands, and the languages it is written in.

Kept by each process for half a minute: they change with the catalog, and every search reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

import sqlalchemy as sa
from cachetools import TTLCache, cached

from storefront.core.db import login, session
from storefront.search.models import FacetValue

SECONDS_KEPT = 30.0
_MOST_VALUES = 20_000


@dataclass(frozen=True, slots=True)
class NamedValues:
    """``brands`` are slugs by the lower-case words. ``languages`` are ISO codes, at least one."""

    brands: Mapping[str, str]
    languages: tuple[str, ...]


_kept: TTLCache[str, NamedValues] = TTLCache(maxsize=16, ttl=SECONDS_KEPT)


@cached(_kept, key=login, lock=Lock())
def named_values() -> NamedValues:
    """What the catalog holds now, or held half a minute ago. A statement every half minute."""
    rows = session().execute(
        sa.select(FacetValue.kind, FacetValue.value, FacetValue.label)
        .where(FacetValue.kind.in_(("brand", "language")))
        .order_by(FacetValue.id)
        .limit(_MOST_VALUES)
    )
    brands: dict[str, str] = {}
    languages: list[str] = []
    for kind, value, label in rows:
        if kind == "brand":
            brands[(label or value).lower()] = value
        else:
            languages.append(value)
    return NamedValues(brands, tuple(languages) or ("en",))


def forget_named_values() -> None:
    """Read anew at the next search: for tests and after bulk changes."""
    _kept.clear()
