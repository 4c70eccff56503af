"""The search log on its way: a page only says what happened, a job writes it down.

A search costs its page one command to Redis, and no commit. Without Redis it is not logged; a crash of Redis or of
the job loses what a few seconds brought (``docs/decisions/search-log.md``).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

import msgspec
from redis import RedisError

from storefront.core.clock import now
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.redis import binary_redis_client
from storefront.core.settings import current_settings
from storefront.search.errors import UnknownSearchType
from storefront.search.log_models import MANNERS, SEARCH_TYPES
from storefront.search.queries.request import clean_text

NOTES = "search:notes"
MOST_NOTES = 100_000
"""So many wait at most while no job runs; the oldest are forgotten."""
LONGEST_MILLISECONDS = 60_000
LONGEST_SLUG = 200


class SearchNote(msgspec.Struct, array_like=True, frozen=True, tag="search"):
    """One search. ``shown`` are the ids of the products on its page, 16 bytes each, in their order."""

    id: uuid.UUID
    at: datetime
    text: str
    results_count: int
    search_type: str
    milliseconds: int
    manner: str | None
    user_id: uuid.UUID | None
    session_id: uuid.UUID | None
    asker: str
    shown: bytes


class ClickNote(msgspec.Struct, array_like=True, frozen=True, tag="click"):
    """A product's page was opened from the list of a search for ``text``."""

    text: str
    slug: str
    asker: str
    at: datetime


Note = SearchNote | ClickNote
_encode = msgspec.msgpack.Encoder().encode


def log_search(
    identity: Identity,
    query: str,
    *,
    results_count: int,
    search_type: str,
    milliseconds: float,
    manner: str | None = None,
    address: str | None = None,
    shown: Iterable[uuid.UUID] = (),
) -> None:
    """Remember one search; an empty text leaves no trace.

    ``search_type`` is text, semantic, hybrid, suggest or assistant; anything else raises UnknownSearchType.
    ``address`` is the asker's on the net: it only ties a click to its search and is never stored. ``shown`` are the
    products of the page, in their order.
    """
    if search_type not in SEARCH_TYPES:
        raise UnknownSearchType(search_type)
    text = clean_text(query)
    if text:
        _send(
            SearchNote(
                id=new_id(),
                at=now(),
                text=text,
                results_count=results_count,
                search_type=search_type,
                milliseconds=min(round(milliseconds), LONGEST_MILLISECONDS),
                manner=manner if manner in MANNERS else None,
                user_id=identity.user_id,
                session_id=identity.session_id,
                asker=_asker(address),
                shown=b"".join(one.bytes for one in shown),
            )
        )


def log_click(query: str, slug: str, address: str | None) -> None:
    """Remember that the product at ``slug`` was opened from the list of a search for ``query``.

    What can be no product's slug leaves no trace.
    """
    text = clean_text(query)
    if text and address and may_be_slug(slug):
        _send(ClickNote(text, slug, _asker(address), now()))


def may_be_slug(slug: str) -> bool:
    """Whether a product may be called so: anybody may ask for any address, and a NUL is no text to PostgreSQL."""
    return bool(slug) and len(slug) <= LONGEST_SLUG and "\x00" not in slug


def _send(note: Note) -> None:
    with suppress(RedisError):
        client = binary_redis_client()
        if client.rpush(NOTES, _encode(note)) > MOST_NOTES:
            client.ltrim(NOTES, -MOST_NOTES, -1)


def _asker(address: str | None) -> str:
    """A short mark in the place of an address, worth nothing without the shop's secret key."""
    if not address:
        return ""
    key = current_settings().secret().encode()[:64]
    return hashlib.blake2b(address.encode(), key=key, digest_size=8).hexdigest()
