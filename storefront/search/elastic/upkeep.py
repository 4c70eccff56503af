"""Keeping the index: a whole one made aside and put in place at once, then change after change.

Readers use the alias, whichever index is behind it. A new index is loaded behind the alias ``<alias>-next``; while it
is, changes are written to both. Every document carries the moment at which it was read as its version, and the server
refuses what is older than what it has: whoever comes late, the load or a change, does no harm.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import release, session, transaction
from storefront.core.errors import DomainError
from storefront.core.outbox import OutboxEntry
from storefront.providers.search_server import Change, Refusal, SearchServer
from storefront.search.elastic.documents import (
    Batch,
    all_documents,
    documents_of,
    listed_products,
    products_with_vectors,
)
from storefront.search.elastic.mapping import LOADED, index_body

CHANGED = "search.changed"
"""The outbox's kind of work that the read model's triggers write: ``product_ids``, at most some hundreds."""

_BATCH = 500
_REASONS_KEPT = 5


@dataclass
class IndexIncomplete(DomainError):
    """The server refused documents: of a new index, which was not put in place, or of a change."""

    refused: int
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, refusals: Sequence[Refusal]) -> IndexIncomplete:
        """What the first of them say."""
        said = [f"{one.key}: {one.status} {one.reason}" for one in refusals[:_REASONS_KEPT]]
        return cls(len(refusals), tuple(said))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What PostgreSQL and the index hold: listed products, those with a vector, changes that wait."""

    products: int
    documents: int
    vectors: int
    document_vectors: int
    waiting_changes: int
    is_followed: bool

    @property
    def agrees(self) -> bool:
        """Whether the index holds what it should, or will once the waiting changes are done."""
        same = (self.products, self.vectors) == (self.documents, self.document_vectors)
        return self.is_followed and (same or self.waiting_changes > 0)


def follow(wanted: bool) -> None:
    """Have changes of the read model written to the outbox, or no longer. Off, they cost nothing."""
    with transaction():
        session().execute(sa.select(sa.func.follow_product_search(wanted)))


def rebuild(server: SearchServer, alias: str, progress: Callable[[int, int], None]) -> str:
    """Make a new index of everything and put it in place of the one before, which is removed; returns its name.

    ``progress`` hears how many of how many are written. Searches go on meanwhile. Raises IndexIncomplete, or
    SearchServerFailure, and then everything is as it was.
    """
    follow(True)
    release()
    index = f"{alias}-{now():%Y%m%d%H%M%S%f}"
    server.create(index, index_body())
    try:
        # A load that was broken off left its index behind this alias: it goes, and nobody writes to it any more.
        left_over = [name for name, aliases in _indexes(server, alias).items() if not aliases & {alias}]
        server.switch(
            [
                *({"remove_index": {"index": name}} for name in left_over if name != index),
                {"add": {"index": index, "alias": _next(alias)}},
            ]
        )
        refusals = server.write(_whole_load(_next(alias), progress))
        if refusals:
            raise IndexIncomplete.of(refusals)
        server.settle(index, LOADED)
        _put_in_place(server, alias, index)
    except BaseException:  # interrupted from the keyboard, too
        server.delete(index)
        raise
    return index


def _whole_load(alias: str, progress: Callable[[int, int], None]) -> Iterator[Change]:
    total, done = listed_products(), 0
    for batch in all_documents(_BATCH):
        release()
        yield from _changes(alias, batch, batch.documents)
        done += len(batch.documents)
        progress(done, max(total, done))
    release()


def _put_in_place(server: SearchServer, alias: str, index: str) -> None:
    before = [name for name, aliases in _indexes(server, alias).items() if alias in aliases]
    server.switch(
        [
            *({"remove_index": {"index": name}} for name in before),
            {"remove": {"index": index, "alias": _next(alias), "must_exist": True}},
            {"add": {"index": index, "alias": alias}},
        ]
    )


def _indexes(server: SearchServer, alias: str) -> dict[str, frozenset[str]]:
    """The indexes that were made here; another shop's alias may begin like ours."""
    ours = re.compile(re.escape(alias) + r"-\d{20}")
    found = server.indexes(f"{alias}-*").items()
    return {name: aliases for name, aliases in found if ours.fullmatch(name)}


def _next(alias: str) -> str:
    return f"{alias}-next"


def compare(server: SearchServer, alias: str) -> Comparison:
    """Count both sides. Raises SearchServerFailure, with the code not_found where there is no index."""
    products, vectors = listed_products(), products_with_vectors()
    waiting = session().scalar(
        sa.select(sa.func.count()).where(OutboxEntry.kind == CHANGED, OutboxEntry.done_at.is_(None))
    )
    is_followed = session().scalar(_IS_FOLLOWED) is True
    release()
    return Comparison(
        products=products,
        documents=server.count(alias),
        vectors=vectors,
        document_vectors=server.count(alias, {"exists": {"field": "vector"}}),
        waiting_changes=waiting or 0,
        is_followed=is_followed,
    )


_IS_FOLLOWED = sa.text(
    "SELECT bool_and(tgenabled <> 'D') FROM pg_trigger"
    " WHERE tgrelid = 'product_search'::regclass AND tgfoid = 'note_product_search_changes()'::regprocedure"
)


def write_changes(server: SearchServer, alias: str, product_ids: Sequence[uuid.UUID]) -> None:
    """Write what these products are now to the index and to one that is being made; unlisted ones are removed.

    Raises IndexIncomplete where the server refuses one, after the others are written.
    """
    release()
    # Asked before the products are read: an index that is begun later reads them itself.
    aliases = [alias, _next(alias)] if server.has_alias(_next(alias)) else [alias]
    batch = documents_of(product_ids)
    release()
    refusals = server.write(change for one in aliases for change in _changes(one, batch, product_ids))
    # Without an index there is nothing to keep up: the next one is made of everything.
    serious = [one for one in refusals if one.status != 404]
    if serious:
        raise IndexIncomplete.of(serious)


def _changes(alias: str, batch: Batch, product_ids: Iterable[uuid.UUID]) -> Iterator[Change]:
    for product_id in product_ids:
        yield Change(alias, str(product_id), batch.version, batch.documents.get(product_id))
