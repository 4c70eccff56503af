"""The search log as it is written: some hundred notes in one transaction, in the order in which they came.

Each search becomes a row, and counts in the tallies that staff look at. A click finds its search by who asked and
what for, within half an hour; the first click counts. Nobody counts more often than a person can search.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

import msgspec
import sqlalchemy as sa
import structlog
from redis import RedisError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from storefront.accounts.models import User
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.redis import binary_redis_client
from storefront.search.log_models import SearchLog, SearchTextDay, SearchTimeDay
from storefront.search.models import ProductSearch
from storefront.search.services.askers import AskedFor, first_times, forget
from storefront.search.services.log import NOTES, ClickNote, Note, SearchNote
from storefront.search.services.personal import is_personal

log = structlog.get_logger(__name__)

MOST_A_MINUTE = 60
"""Notes of one asker; what comes above that is dropped."""
REMEMBERED_SECONDS = 1_800
DAYS_KEPT = timedelta(days=100)
# What the assistant asks for, and what is asked while somebody types, are no searches of people.
_OF_PEOPLE = frozenset({"text", "semantic", "hybrid"})
_UNDERSTOOD = frozenset({"exact", "corrected", "completed"})
_COUNTED = ("searches", "found_nothing", "clicked", "askers")
_ID_BYTES = 16
_LIMIT_EXCEEDED = "54"
"""The class of SQLSTATE that says so, which drivers count among the operational errors."""
_Tally = type[SearchTextDay] | type[SearchTimeDay]
_log = cast(sa.Table, SearchLog.__table__)
_read = msgspec.msgpack.Decoder(Note).decode
_encode = msgspec.msgpack.Encoder().encode


class _Asked(msgspec.Struct, array_like=True, frozen=True):
    """The search that a click may belong to."""

    id: uuid.UUID
    at: datetime
    shown: bytes
    is_counted: bool = False


_read_asked = msgspec.msgpack.Decoder(_Asked).decode


@dataclass
class _Batch:
    """What some notes come to.

    ``asked`` is what clicks may belong to from now on, None what has had its click; ``understood`` who asked for what
    the shop has.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    clicks: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[tuple[date, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: Counter[tuple[date, int]] = field(default_factory=Counter)
    asked: dict[str, _Asked | None] = field(default_factory=dict)
    understood: list[AskedFor] = field(default_factory=list)


def write_log(most: int = 1_000) -> dict[str, int]:
    """Write up to ``most`` waiting notes; returns how many searches and clicks there were.

    When the database is away or busy, what is not written waits again and the error goes on. A note that it refuses is
    dropped, so that none holds up the rest. Raises :class:`redis.RedisError`.
    """
    client = binary_redis_client()
    waiting = _decoded(cast("list[bytes]", client.lpop(NOTES, most) or []))
    written = Counter(searches=0, clicks=0)
    try:
        waiting = _within_limits(waiting)
        at_once = len(waiting)
        while waiting:
            try:
                written.update(_written(waiting[:at_once]))
            except DBAPIError as error:
                if not _is_a_notes_fault(error):
                    raise
                if at_once > 1:
                    at_once = 1
                    continue
                log.warning("search_note_dropped", error=type(error.orig).__name__)
            waiting = waiting[at_once:]
    except BaseException:
        client.lpush(NOTES, *(_encode(note) for note in reversed(waiting)))
        client.delete(*{_minute(note) for note in waiting})  # the second time is no second note
        raise
    return dict(written)


def _is_a_notes_fault(error: DBAPIError) -> bool:
    """Whether the database refuses what a note holds. It may also be away or busy, or not migrated yet."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if isinstance(error, OperationalError):
        return state.startswith(_LIMIT_EXCEEDED)
    return not error.connection_invalidated and not isinstance(error, InterfaceError | ProgrammingError)


def purge_tallies() -> int:
    """Forget the days that no page shows any more; returns how many rows went."""
    oldest = (now() - DAYS_KEPT).date()
    with transaction():
        return sum(
            write(sa.delete(table).where(table.day < oldest)) for table in (SearchTextDay, SearchTimeDay)
        )


def _decoded(taken: Iterable[bytes]) -> list[Note]:
    notes: list[Note] = []
    for one in taken:
        try:
            notes.append(_read(one))
        except msgspec.MsgspecError:
            continue  # of another version of the shop
    return notes


def _within_limits(notes: Sequence[Note]) -> list[Note]:
    """The notes without what nobody can have done by hand."""
    pipeline = binary_redis_client().pipeline(transaction=False)
    for note in notes:
        pipeline.incr(_minute(note))
        pipeline.expire(_minute(note), 120)
    counts = pipeline.execute()[::2]
    return [
        note for note, count in zip(notes, counts, strict=True) if not note.asker or count <= MOST_A_MINUTE
    ]


def _written(notes: Sequence[Note]) -> dict[str, int]:
    """Write these notes in one transaction."""
    batch = _sorted_out(notes)
    counted = first_times(batch.understood)
    for one in counted:
        batch.texts[one.day, one.text]["askers"] += 1
    try:
        _save(batch)
    except BaseException:
        forget(counted)
        raise
    _remember(batch)
    return {"searches": len(batch.rows), "clicks": len(batch.clicks)}


def _sorted_out(notes: Sequence[Note]) -> _Batch:
    batch = _Batch()
    products = _products({note.slug for note in notes if isinstance(note, ClickNote)})
    for note in notes:
        if isinstance(note, SearchNote):
            is_counted = _add_search(batch, note)
            if note.asker:
                batch.asked[_name(note)] = _Asked(note.id, note.at, note.shown, is_counted)
        elif (product_id := products.get(note.slug)) and (found := _asked(batch, _name(note))):
            batch.asked[_name(note)] = None  # the first click counts
            _add_click(batch, note, found, product_id)
    return batch


def _asked(batch: _Batch, name: str) -> _Asked | None:
    """The search that nobody has clicked on yet: of this batch, or of one before."""
    if name in batch.asked:
        return batch.asked[name]
    found = cast("bytes | None", binary_redis_client().get(name))
    return _read_asked(found) if found else None


def _remember(batch: _Batch) -> None:
    """What a click may belong to from now on. Only after the commit: what is written again finds it as it was."""
    pipeline = binary_redis_client().pipeline(transaction=False)
    for name, asked in batch.asked.items():
        if asked:
            pipeline.set(name, _encode(asked), ex=REMEMBERED_SECONDS)
        else:
            pipeline.delete(name)
    with suppress(RedisError):  # a click less; the searches are written and must not be once more
        pipeline.execute()


def _add_search(batch: _Batch, note: SearchNote) -> bool:
    """Add a search; whether its text is counted."""
    batch.rows.append(
        {
            "id": note.id,
            "query": note.text,
            "asker_id": note.user_id,
            "session_id": note.session_id,
            "results_count": note.results_count,
            "search_type": note.search_type,
            "response_time_ms": note.milliseconds,
            "manner": note.manner,
            "created_at": note.at,
        }
    )
    if note.search_type not in _OF_PEOPLE:
        return False
    day, text = note.at.date(), note.text.lower()
    batch.times[day, note.milliseconds] += 1
    is_found = note.results_count > 0
    if is_personal(text, is_found=is_found and note.manner == "exact"):
        return False
    tally = batch.texts[day, text]
    tally["searches"] += 1
    tally["found_nothing"] += not is_found
    if note.asker and is_found and note.manner in _UNDERSTOOD:
        batch.understood.append(AskedFor(day, note.asker, text))
    return True


def _add_click(batch: _Batch, note: ClickNote, asked: _Asked, product_id: uuid.UUID) -> None:
    shown = [asked.shown[at : at + _ID_BYTES] for at in range(0, len(asked.shown), _ID_BYTES)]
    position = shown.index(product_id.bytes) + 1 if product_id.bytes in shown else None
    batch.clicks.append(
        {"search_id": asked.id, "searched_at": asked.at, "product_id": product_id, "position": position}
    )
    if asked.is_counted:
        batch.texts[asked.at.date(), note.text.lower()]["clicked"] += 1


def _save(batch: _Batch) -> None:
    with transaction() as current:
        if batch.rows:
            # Whoever searched may have been erased since.
            known = sa.select(User.id).where(User.id == sa.bindparam("asker_id")).scalar_subquery()
            current.connection().execute(sa.insert(_log).values(user_id=known), batch.rows)
        if batch.clicks:
            current.connection().execute(
                sa.update(_log)
                .where(
                    _log.c.id == sa.bindparam("search_id"), _log.c.created_at == sa.bindparam("searched_at")
                )
                .values(
                    clicked_product_id=sa.bindparam("product_id"), clicked_position=sa.bindparam("position")
                ),
                batch.clicks,
            )
        _tally(batch)


def _tally(batch: _Batch) -> None:
    """Add to the days' figures; in one order always, so that two writers do not wait for each other in a ring."""
    texts = [
        {
            "day": day,
            "text": text,
            **{name: tally[name] for name in _COUNTED},
        }
        for (day, text), tally in sorted(batch.texts.items())
    ]
    times = [
        {"day": day, "milliseconds": milliseconds, "searches": searches}
        for (day, milliseconds), searches in sorted(batch.times.items())
    ]
    _add(SearchTextDay, texts, _COUNTED)
    _add(SearchTimeDay, times, ("searches",))


def _add(
    table: type[SearchTextDay] | type[SearchTimeDay], rows: list[dict[str, Any]], counted: tuple[str, ...]
) -> None:
    if not rows:
        return
    statement = insert(table).values(rows)
    sums = {name: getattr(table, name) + statement.excluded[name] for name in counted}
    keys = [column.name for column in table.__table__.primary_key]
    session().execute(statement.on_conflict_do_update(index_elements=keys, set_=sums))


def _products(slugs: set[str]) -> dict[str, uuid.UUID]:
    if not slugs:
        return {}
    rows = session().execute(
        sa.select(ProductSearch.slug, ProductSearch.product_id).where(ProductSearch.slug.in_(slugs))
    )
    return {row.slug: row.product_id for row in rows}


def _minute(note: Note) -> str:
    return f"search:asker:{note.asker}:{int(note.at.timestamp()) // 60}"


def _name(note: Note) -> str:
    text = hashlib.blake2b(note.text.lower().encode(), digest_size=8).hexdigest()
    return f"search:asked:{note.asker}:{text}"
