"""What people search for, as staff see it: figures of a period, its days, and the texts worth looking at.

All of it is read from the days' tallies, never from the log: as quick after a year as after a day. Days are UTC. A
text that may name a person is in no tally of texts (see :mod:`storefront.search.services.log_writing`), so a period
may have a few more searches than its texts have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.pagination import Page
from storefront.search.log_models import SearchTextDay, SearchTimeDay

PERIODS = (7, 30, 90)
"""Days that staff may look back, today among them."""

TEXT_LISTS = ("nothing", "unopened", "top")
TEXTS_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class SearchDay:
    """A day's searches, and how many of them found nothing."""

    day: date
    searches: int
    found_nothing: int


@dataclass(frozen=True, slots=True)
class SearchFigures:
    """A period: its days without a gap, and what they come to.

    The shares are of all searches, 0 to 1. Times are milliseconds until the page was ready to be written, exact:
    half of the searches took at most ``median``, 95 of 100 at most ``slow``; None where nobody has searched.
    """

    days: tuple[SearchDay, ...]
    searches: int
    nothing_share: float
    opened_share: float
    median: int | None
    slow: int | None


@dataclass(frozen=True, slots=True)
class SearchedText:
    """A text of a period, in lower case: how often it was looked for, found nothing, led to a product."""

    text: str
    searches: int
    found_nothing: int
    opened: int
    last_day: date


def search_figures(days: int) -> SearchFigures:
    """The last ``days`` days. Two statements."""
    first = _first_day(days)
    by_day = {row.day: row for row in session().execute(_DAYS, {"first": first})}
    times = session().execute(_TIMES, {"first": first}).one()
    listed = (first + timedelta(number) for number in range(days))
    of_days = tuple(
        SearchDay(day, by_day[day].searches, by_day[day].found_nothing)
        if day in by_day
        else SearchDay(day, 0, 0)
        for day in listed
    )
    texts = sum(one.searches for one in of_days)
    return SearchFigures(
        days=of_days,
        searches=times.searches or 0,
        nothing_share=sum(one.found_nothing for one in of_days) / texts if texts else 0.0,
        opened_share=sum(row.opened for row in by_day.values()) / texts if texts else 0.0,
        median=times.median,
        slow=times.slow,
    )


def searched_texts(which: str, days: int, page: int = 1) -> Page[SearchedText]:
    """The texts of the last ``days`` days, one of :data:`TEXT_LISTS`: the most frequent first. One statement.

    ``nothing``: at least one search found nothing. ``unopened``: something was found, and nobody opened it. ``top``:
    all. A page that does not exist is the first.
    """
    window = {"first": _first_day(days), "most": TEXTS_PER_PAGE, "skipped": (page - 1) * TEXTS_PER_PAGE}
    rows = session().execute(_LISTS[which], window).all()
    if not rows and page > 1:
        return searched_texts(which, days)
    items = [
        SearchedText(row.text, row.searches, row.found_nothing, row.opened, row.last_day) for row in rows
    ]
    return Page(items, page, TEXTS_PER_PAGE, rows[0].total if rows else 0)


def _first_day(days: int) -> date:
    return now().date() - timedelta(days - 1)


_first = sa.bindparam("first", type_=sa.Date())
_searches = sa.func.sum(SearchTextDay.searches)
_found_nothing = sa.func.sum(SearchTextDay.found_nothing)
# A click may come after midnight, or twice from one search: no share is above the whole.
_opened = sa.func.least(sa.func.sum(SearchTextDay.clicked), _searches)

_DAYS = (
    sa.select(
        SearchTextDay.day,
        _searches.label("searches"),
        _found_nothing.label("found_nothing"),
        _opened.label("opened"),
    )
    .where(SearchTextDay.day >= _first)
    .group_by(SearchTextDay.day)
)


def _times() -> sa.Select[Any]:
    """The shortest times that half and 95 of 100 searches were within, by how many searches took each millisecond."""
    number = sa.func.sum(SearchTimeDay.searches)
    steps = (
        sa.select(
            SearchTimeDay.milliseconds,
            number.label("searches"),
            sa.func.sum(number).over(order_by=SearchTimeDay.milliseconds).label("within"),
            sa.func.sum(number).over().label("total"),
        )
        .where(SearchTimeDay.day >= _first)
        .group_by(SearchTimeDay.milliseconds)
        .subquery("steps")
    )

    def shortest(share: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.min(steps.c.milliseconds).filter(steps.c.within >= share * steps.c.total)

    return sa.select(
        sa.cast(sa.func.sum(steps.c.searches), sa.BigInteger).label("searches"),
        shortest(sa.literal_column("0.5")).label("median"),
        shortest(sa.literal_column("0.95")).label("slow"),
    )


def _texts(having: sa.ColumnElement[bool], first: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(
            SearchTextDay.text,
            _searches.label("searches"),
            _found_nothing.label("found_nothing"),
            _opened.label("opened"),
            sa.func.max(SearchTextDay.day).label("last_day"),
            sa.func.count().over().label("total"),
        )
        .where(SearchTextDay.day >= _first)
        .group_by(SearchTextDay.text)
        .having(having)
        .order_by(first.desc(), _searches.desc(), SearchTextDay.text)
        .limit(sa.bindparam("most", type_=sa.Integer()))
        .offset(sa.bindparam("skipped", type_=sa.Integer()))
    )


_TIMES = _times()
_LISTS: Mapping[str, sa.Select[Any]] = {
    "nothing": _texts(_found_nothing > 0, _found_nothing),
    "unopened": _texts(
        sa.and_(sa.func.sum(SearchTextDay.clicked) == 0, _found_nothing < _searches), _searches
    ),
    "top": _texts(_searches > 0, _searches),
}
