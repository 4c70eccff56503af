"""What words can name: the catalog's brands, colours and sizes, and the languages it is written in.

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
_AXES = ("colour", "color", "farbe", "size", "größe")
"""The options whose values people say without naming the option."""


@dataclass(frozen=True, slots=True)
class NamedValues:
    """By the lower-case words: options as (name, value), brands as slugs. ``languages`` are ISO codes, at least one."""

    options: Mapping[str, tuple[str, str]]
    brands: Mapping[str, str]
    languages: tuple[str, ...]


_kept: TTLCache[str, NamedValues] = TTLCache(maxsize=16, ttl=SECONDS_KEPT)


@cached(_kept, key=login, lock=Lock())
def named_values() -> NamedValues:
    """What the catalog holds now, or held half a minute ago. A statement every half minute."""
    axis = sa.and_(FacetValue.kind == "option", sa.func.lower(FacetValue.name).in_(_AXES))
    rows = session().execute(
        sa.select(FacetValue.kind, FacetValue.name, FacetValue.value, FacetValue.label)
        .where(sa.or_(FacetValue.kind.in_(("brand", "language")), axis))
        .order_by(FacetValue.id)
        .limit(_MOST_VALUES)
    )
    options: dict[str, tuple[str, str]] = {}
    brands: dict[str, str] = {}
    languages: list[str] = []
    for kind, name, value, label in rows:
        if kind == "brand":
            brands[(label or value).lower()] = value
        elif kind == "language":
            languages.append(value)
        else:
            options.setdefault(value.lower(), (name, value))
    return NamedValues(options, brands, tuple(languages) or ("en",))


def forget_named_values() -> None:
    """Read anew at the next search: for tests and after bulk changes."""
    _kept.clear()
