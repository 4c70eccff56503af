"""A page of a list in an order that an index holds: as cheap at the far end of a million products as at its beginning.

A page goes on where another ended (keyset): its :class:`Position` is what the order compares, of the last product seen.
The first pages may also be asked for by number.
"""

from __future__ import annotations

import base64
import binascii
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storefront.search.models import AVAILABLE_FROM, PRICE_STEPS, CategoryListing, products_table
from storefront.search.queries.answer_statement import SHAPES_KEPT
from storefront.search.queries.filters import Filters, Shape, filters_for
from storefront.search.queries.text_search import materialized, text_match

MOST_BY_NUMBER = 1_000
"""How many products may lie before a page that is asked for by its number."""

_PAGE = 25
_PASSED_OVER = 100
"""So many entries of an index are passed over while one product's row is read."""

_LEAST_LOOKED_THROUGH, _TIMES_THE_MEAN = 500, 10
_PRODUCTS = products_table()


@dataclass(frozen=True, slots=True)
class _Order:
    """Columns and the direction they are all read in; the product's id is the last of them."""

    columns: tuple[tuple[str, type], ...]
    falls: bool


_ORDERS = {
    "relevance": _Order((("standing", float),), falls=True),
    "newest": _Order((("published_at", datetime),), falls=True),
    "price_up": _Order((("price_min", Decimal),), falls=False),
    "price_down": _Order((("price_min", Decimal),), falls=True),
    "rating": _Order((("rating_average", Decimal), ("rating_count", int)), falls=True),
    "name": _Order((("sort_name", str),), falls=False),
}
_TYPES: dict[type, Any] = {
    float: sa.Double(),
    datetime: sa.TIMESTAMP(timezone=True),
    Decimal: sa.Numeric(),
    int: sa.Integer(),
    str: sa.Text(),
}

Way = Literal["number", "after", "before"]


@dataclass(frozen=True, slots=True)
class Position:
    """Between two products of a list: behind (``after``) or before the one whose values these are."""

    way: Way
    values: tuple[Any, ...]

    def written(self, sort: str) -> str:
        """As an address carries it; it is opaque and leads to the same place whatever is added meanwhile."""
        raw = msgspec.json.encode([sort, self.way, *self.values])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_position(written: str, sort: str) -> Position | None:
    """The position that an address carries; None where it is none of this order's."""
    if not written:
        return None
    kinds = [kind for _name, kind in _ORDERS[sort].columns]
    try:
        raw = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
        told, way, *values = msgspec.json.decode(raw, type=list[Any])
        if told != sort or way not in ("after", "before"):
            return None
        of_order: Any = tuple.__class_getitem__((*kinds, uuid.UUID))
        typed = msgspec.convert(values, of_order, strict=False)
    except (binascii.Error, ValueError, UnicodeError, msgspec.MsgspecError):
        return None
    return Position(way, typed) if all(map(_can_be_stored, typed)) else None


def _can_be_stored(value: object) -> bool:
    match value:
        case int():
            return abs(value) < 2**31
        case Decimal():
            return value.is_finite() and abs(value) < 10**12 and Decimal(value).adjusted() > -20
        case float():
            return math.isfinite(value)
        case str():
            return "\x00" not in value
        case _:
            return True


def position_at(row: sa.Row[Any], way: Literal["after", "before"]) -> Position:
    """The position behind or before a row of :func:`list_statement`."""
    return Position(way, tuple(row))


def position_values(position: Position | None) -> dict[str, Any]:
    """What :func:`list_statement` is run with to begin at ``position``."""
    return {f"position_{place}": value for place, value in enumerate(position.values if position else ())}


def are_few(total: int, candidates: float, *, told_by_list: bool) -> bool:
    """Whether gathering ``total`` products takes less than finding a page of them among ``candidates``, in order.

    Where the category's list tells all that was chosen, its index passes over many in the time that one row takes.
    """
    passed_over = _PASSED_OVER if told_by_list else 1
    return total * total * passed_over <= candidates * _PAGE


def looked_through(total: int, candidates: float, wanted: int) -> int:
    """How many to look through for ``wanted`` of ``total`` among ``candidates``: some times the mean."""
    return _LEAST_LOOKED_THROUGH + round(_TIMES_THE_MEAN * wanted * max(candidates, total) / max(total, 1))


@lru_cache(maxsize=SHAPES_KEPT)
def list_statement(shape: Shape, sort: str, way: Way, *, few: bool) -> sa.Select[Any]:
    """Rows of the order's columns and the product's id; one more than ``page_size``: whether there is more.

    Asked for the way ``before``, they come in the opposite order. With ``few`` all that meet everything are gathered
    and put in order; else those in the order are looked through until the page is full, ``looked_through`` at most:
    what meets everything may lie together at the far end.
    """
    order = _ORDERS[sort]
    falls = order.falls != (way == "before")
    source = _gathered(shape) if few else _PRODUCTS
    if not few and shape.in_category and sort == "relevance":
        source = _of_category(shape)
    columns = _columns(source, order)
    begin = [] if way == "number" else [_beyond(columns, [kind for _name, kind in order.columns], falls)]
    if few:
        statement = sa.select(*columns).where(*begin)
    else:
        # The limit also keeps the planner from gathering first after all: it cannot know how many there are.
        most = sa.bindparam("looked_through", type_=sa.Integer())
        walk = (
            sa.select(source).where(*begin).order_by(*_ordered(columns, falls)).limit(most).subquery("walk")
        )
        columns = _columns(walk, order)
        statement = sa.select(*columns)
        if source is _PRODUCTS:
            statement = statement.where(*_filters(shape, walk).all_met)
        else:
            statement = statement.join(_meets_all(shape, walk), sa.true()).where(*_told_by_list(shape, walk))
    return (
        statement.order_by(*_ordered(columns, falls))
        .limit(sa.bindparam("page_size", type_=sa.Integer()) + 1)
        .offset(sa.bindparam("skipped", type_=sa.Integer()))
    )


def _filters(shape: Shape, source: sa.FromClause) -> Filters:
    return filters_for(shape, text_match(shape.text) if shape.text else None, source)


def _gathered(shape: Shape) -> sa.FromClause:
    names = dict.fromkeys(name for order in _ORDERS.values() for name, _kind in order.columns)
    wanted = sa.select(_PRODUCTS.c.product_id, *(_PRODUCTS.c[name] for name in names))
    return materialized(wanted.where(*_filters(shape, _PRODUCTS).all_met), "gathered")


def _of_category(shape: Shape) -> sa.FromClause:
    """A category's list, without what is sold out where that is not wanted."""
    listing = CategoryListing.__table__
    names = ("standing", "product_id", "brand_number", "price_step", "stars")
    here = [listing.c.category_id == sa.bindparam("category_id", type_=sa.Uuid())]
    if "stock" in shape.measured:
        here.append(listing.c.standing >= sa.literal_column(str(AVAILABLE_FROM), sa.Double()))
    return sa.select(*(listing.c[name] for name in names)).where(*here).subquery("of_category")


def _meets_all(shape: Shape, walk: sa.Subquery) -> sa.FromClause:
    """One row where the product of the walk meets everything.

    With a limit of its own, so that it is looked up when the walk has come to it: a join the planner would turn round,
    and gather all that meet everything, however many they are.
    """
    is_it = _PRODUCTS.c.product_id == walk.c.product_id
    one = sa.select(_PRODUCTS.c.product_id).where(is_it, *_filters(shape, _PRODUCTS).all_met).limit(1)
    return one.lateral("meets_all")


def _told_by_list(shape: Shape, listed: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """What the list itself says of a product: what does not meet this need not be looked at."""
    steps: sa.ColumnElement[Any] = sa.literal_column(f"'{{{','.join(map(str, PRICE_STEPS))}}}'::numeric[]")

    def step_of(limit: str) -> sa.ScalarSelect[int]:
        price = sa.bindparam(limit, type_=sa.Numeric(12, 2))
        return sa.select(sa.func.width_bucket(price, steps, type_=sa.Integer())).scalar_subquery()

    known: dict[str, Callable[[], sa.ColumnElement[bool]]] = {
        "price_min": lambda: listed.c.price_step >= step_of("price_min"),
        "price_max": lambda: listed.c.price_step <= step_of("price_max"),
        "rating": lambda: listed.c.stars >= sa.bindparam("rating", type_=sa.Integer()),
    }
    told = [known[name]() for name in shape.measured if name in known]
    if shape.of_brands:
        told.append(
            listed.c.brand_number == sa.any_(sa.bindparam("brand_numbers", type_=ARRAY(sa.Integer())))
        )
    return told


def _columns(source: sa.FromClause, order: _Order) -> list[sa.ColumnElement[Any]]:
    return [source.c[name] for name, _kind in order.columns] + [source.c.product_id]


def _ordered(columns: Sequence[sa.ColumnElement[Any]], falls: bool) -> list[sa.ColumnElement[Any]]:
    return [column.desc() if falls else column for column in columns]


def _beyond(
    columns: Sequence[sa.ColumnElement[Any]], kinds: Sequence[type], falls: bool
) -> sa.ColumnElement[bool]:
    types = [*(_TYPES[kind] for kind in kinds), sa.Uuid()]
    here = sa.tuple_(*(sa.bindparam(f"position_{place}", type_=kind) for place, kind in enumerate(types)))
    there = sa.tuple_(*columns)
    return there < here if falls else there > here
