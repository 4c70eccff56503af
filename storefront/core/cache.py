"""Values that cost something to find out, remembered in Redis for a while.

A value must be the same for everybody who may ask: nothing personal is kept here. What is kept is typed
(:mod:`msgspec`, never pickle), and its key holds a digest of the type's shape: a new version of the shop never
misreads what an old one wrote. Without Redis everything is found out each time.

Tags say what a value was made of; whoever changes that calls :func:`forget` after the commit:

- ``catalog``: everything that shows products or categories (imports and other bulk work forget it)
- ``products``: lists that any product may enter or leave, such as the home page and searches
- ``category:<id>``: lists of that category, with what lies below it
- ``product:<id>``: what shows this one product
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import msgspec
import structlog
from flask import Flask, current_app
from redis import RedisError

from storefront.core.cache_store import CacheStore, Entry, Turn
from storefront.core.clock import now
from storefront.core.settings import Settings, current_settings

T = TypeVar("T")
log = structlog.get_logger(__name__)


class CacheKind(StrEnum):
    """What is remembered. For how long is a setting of its own: ``CACHE_<KIND>_SECONDS``, 0 for not at all."""

    HOME = "home"
    CATEGORY_TREE = "category_tree"
    FACET_COUNTS = "facet_counts"
    PRODUCT_CARD = "product_card"
    SEARCH_ANSWER = "search_answer"
    QUERY_VECTOR = "query_vector"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """How often a value was there, stood in past its time, was made, or was made because Redis was away."""

    hits: int = 0
    stand_ins: int = 0
    misses: int = 0
    away: int = 0


@dataclass(frozen=True, slots=True)
class _Shape(Generic[T]):
    """How values of one type are read, and a digest of everything that decides it."""

    digest: str
    read: Callable[[Any], T]


_write = msgspec.msgpack.Encoder().encode


def init_cache(app: Flask) -> None:
    """Give ``app`` its store. After :func:`storefront.core.redis.init_redis`.

    Vectors of texts are kept for days; they are made of nothing that changes, and have no tags.
    """
    settings: Settings = app.extensions["settings"]
    longest = max(seconds_kept(settings, kind) for kind in CacheKind if kind is not CacheKind.QUERY_VECTOR)
    app.extensions["cache_store"] = CacheStore(app.extensions["binary_redis"], longest)


def remembered(
    kind: CacheKind,
    key: str,
    returns: type[T],
    make: Callable[[], T],
    *,
    tags: Iterable[str] = (),
    at_hand: bool = False,
) -> T:
    """What ``make()`` gives, remembered under ``key`` until its time is up or one of ``tags`` is forgotten.

    ``returns`` is the type that ``make`` returns: a frozen dataclass, or a tuple or list of them. When many ask
    at once, one of them makes the value; the others take the one whose time has just run out, or wait a moment
    for the new one. A hit costs one round trip; without Redis it is ``make()``. With ``at_hand`` the process keeps it
    as it is (:mod:`storefront.core.at_hand`): the same object, which nobody may change.
    """
    seconds = seconds_kept(current_settings(), kind)
    if seconds == 0:
        return make()
    store, tags = cache_store(), tuple(tags)
    shape: _Shape[T] = _shape_of(cast(Any, returns))
    try:
        known = store.good(store.large, (kind, key)) if at_hand else None
        if known is not None:
            store.count(f"{kind}:hits")
            return cast(T, known)
        found = store.obtain(entry_name(kind, shape.digest, key))
    except RedisError:
        store.count(f"{kind}:away")
        return make()
    if isinstance(found, Turn):
        store.count(f"{kind}:misses")
        value, entry = _make(store, found, make, seconds, tags)
    else:
        store.count(f"{kind}:{'hits' if found.is_fresh else 'stand_ins'}")
        value, entry = _read(shape, found, make)
    if at_hand and entry is not None:
        store.large.put((kind, key), entry.stamp(), value)
    return value


def _read(shape: _Shape[T], entry: Entry, make: Callable[[], T]) -> tuple[T, Entry | None]:
    with suppress(msgspec.MsgspecError):
        return shape.read(entry.body), entry
    return make(), None


def _make(
    store: CacheStore, turn: Turn, make: Callable[[], T], seconds: int, tags: tuple[str, ...]
) -> tuple[T, Entry | None]:
    try:
        value = make()
        body = _write(value)
    except BaseException:
        with suppress(RedisError):
            store.give_up(turn)
        raise
    with suppress(RedisError):
        return value, store.keep(turn, body, seconds, tags)
    return value, None


def remembered_each(
    kind: CacheKind,
    keys: Sequence[str],
    returns: type[T],
    make: Callable[[list[str]], Mapping[str, T]],
    *,
    tags: Callable[[str], Sequence[str]],
) -> dict[str, T]:
    """As :func:`remembered`, for many small values at once: what is missing is made together, by one call of ``make``.

    What ``make`` leaves out is not remembered. One round trip, two where something was made, none for what the process
    has at hand. Each value is quickly made: nobody waits for somebody else who makes it too.
    """
    seconds = seconds_kept(current_settings(), kind)
    if seconds == 0 or not keys:
        return dict(make(list(keys))) if keys else {}
    store = cache_store()
    try:
        known = _at_hand(store, kind, keys)
        store.count(f"{kind}:hits", len(known))
        missing = [key for key in keys if key not in known]
        return known | _fetched(store, kind, missing, returns, make, seconds, tags) if missing else known
    except RedisError:
        store.count(f"{kind}:away", len(keys))
        return dict(make(list(keys)))


def _at_hand(store: CacheStore, kind: CacheKind, keys: Sequence[str]) -> dict[str, Any]:
    """What the process has at hand of ``keys``. Raises :class:`redis.RedisError`."""
    store.follow()
    at = now().timestamp()
    found = ((key, store.small.get((kind, key))) for key in keys)
    return {key: one[1] for key, one in found if one is not None and store.is_good(one[0], at)}


def _fetched(
    store: CacheStore,
    kind: CacheKind,
    keys: Sequence[str],
    returns: type[T],
    make: Callable[[list[str]], Mapping[str, T]],
    seconds: int,
    tags: Callable[[str], Sequence[str]],
) -> dict[str, T]:
    """What Redis keeps of ``keys``, and what ``make`` gives for the others. Raises :class:`redis.RedisError`."""
    shape: _Shape[T] = _shape_of(cast(Any, returns))
    names = {key: entry_name(kind, shape.digest, key) for key in keys}
    entries, moment = store.entries(list(names.values()))
    known: dict[str, T] = {}
    for key, entry in zip(names, entries, strict=True):
        if entry is not None and entry.is_fresh:
            with suppress(msgspec.MsgspecError):
                known[key] = store.small.put((kind, key), entry.stamp(), shape.read(entry.body))
    missing = [key for key in names if key not in known]
    store.count(f"{kind}:hits", len(known))
    store.count(f"{kind}:misses", len(missing))
    if missing:
        made = make(missing)
        with suppress(RedisError):
            bodies = {names[key]: (_write(value), tags(key)) for key, value in made.items()}
            stamps = store.keep_all(moment, bodies, seconds)
            for key, value in made.items():
                store.small.put((kind, key), stamps[names[key]], value)
        known |= made
    return known


def forget(*tags: str) -> None:
    """Make everything stale that carries one of ``tags``. Call it after the commit of what changed.

    Without Redis nothing is remembered, so there is nothing to forget; what it still holds when it comes back is
    as old as its kind's seconds allow.
    """
    if not tags:
        return
    try:
        cache_store().forget(tags)
    except RedisError:
        log.warning("cache_not_forgotten", tags=len(tags))


def cache_counts() -> dict[CacheKind, CacheCounts]:
    """What all processes have counted since Redis was emptied. Raises :class:`redis.RedisError`."""
    counts = cache_store().counts()
    return {
        kind: CacheCounts(
            **{field.name: counts.get(f"{kind}:{field.name}", 0) for field in fields(CacheCounts)}
        )
        for kind in CacheKind
    }


def seconds_kept(settings: Settings, kind: CacheKind) -> int:
    """For how long values of a kind count as fresh; 0: they are not remembered."""
    return cast(int, getattr(settings, f"cache_{kind}_seconds"))


def entry_name(kind: CacheKind, shape: str, key: str) -> str:
    """The name of an entry: short, however long the key."""
    return f"{kind}:{shape}:{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def cache_store() -> CacheStore:
    """The running application's store."""
    return cast(CacheStore, current_app.extensions["cache_store"])


@lru_cache(maxsize=256)
def _shape_of(returns: Any) -> _Shape[Any]:
    schema = json.dumps(msgspec.json.schema(returns), default=str)
    digest = hashlib.blake2b(schema.encode(), digest_size=6).hexdigest()
    return _Shape(digest, msgspec.msgpack.Decoder(returns).decode)
