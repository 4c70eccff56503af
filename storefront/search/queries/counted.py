"""What the row that counts says: a list's total, its facets' counts, the ends of its prices.

Beyond ten thousand products a sample is counted instead, and each of it stands for several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from storefront.search.models import SAMPLED_SHARE
from storefront.search.queries.answer_statement import TOO_MANY, Cell, unpacked
from storefront.search.queries.engine import CountRow, EngineAnswer, Hit
from storefront.search.queries.filters import Asked, FacetKey

_CELLS = msgspec.json.Decoder(list[tuple[int, int, Decimal, Decimal]])
_FACTS = msgspec.json.Decoder(list[tuple[int, str, str, str, str, int]])
_PRICE: FacetKey = ("price", "")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the counting row says, weighed: a product of the sample stands for sixteen.

    ``size`` is about how many the counts are made of, ``products`` about how many the shop has.
    """

    size: int
    products: float
    total: int
    total_is_exact: bool
    together: bool
    rows: tuple[CountRow, ...]
    price_least: Decimal | None
    price_most: Decimal | None

    def answer(self, hits: tuple[Hit, ...], shown: int | None = None) -> EngineAnswer:
        """With the products that are ``shown`` on a page."""
        return EngineAnswer(
            hits=hits,
            total=self.total,
            total_is_exact=self.total_is_exact,
            together=self.together,
            counts=self.rows,
            price_least=self.price_least,
            price_most=self.price_most,
            next_after=None,
            most_shown=shown,
        )


def read_counts(row: sa.Row[Any], wanted: Asked) -> Counts:
    """The counting row of an answer to ``wanted``."""
    is_sample = row.size > TOO_MANY
    # What meets everything chosen may have been read nevertheless; what fails a facet is in the sample then.
    weights = _Weights(
        SAMPLED_SHARE if is_sample and not row.few_meet_all else 1, SAMPLED_SHARE if is_sample else 1
    )
    bits = wanted.bits
    cells = [
        (unpacked(cell), count, least, most) for cell, count, least, most in _CELLS.decode(row.cells or "[]")
    ]
    price = [one for one in cells if one[0].failed in (0, bits.get(_PRICE, 0))]
    return Counts(
        size=row.size,
        products=row.products,
        total=weights.met * sum(count for cell, count, _least, _most in cells if not cell.failed),
        total_is_exact=weights.met == 1,
        together=row.together,
        rows=(
            *_cell_rows(cells, bits, weights),
            *_fact_rows(_FACTS.decode(row.facts or "[]"), bits, weights),
        ),
        price_least=min((least for _cell, _count, least, _most in price), default=None),
        price_most=max((most for _cell, _count, _least, most in price), default=None),
    )


@dataclass(frozen=True, slots=True)
class _Weights:
    """For how many products a counted one stands that meets everything chosen, and one that fails a facet."""

    met: int
    failing: int

    def of(self, failed: int) -> int:
        return self.failing if failed else self.met


class _Tally:
    """Counts of values, each with whether it is exact."""

    def __init__(self, weights: _Weights) -> None:
        self._weights = weights
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._estimated: set[tuple[str, str, str, str]] = set()

    def add(self, fact: tuple[str, str, str, str], failed: int, count: int) -> None:
        """Count the products of one value that fail these facets."""
        weight = self._weights.of(failed)
        self._counts[fact] += count * weight
        if weight > 1:
            self._estimated.add(fact)

    def rows(self) -> Iterator[CountRow]:
        """What was counted."""
        return (CountRow(*fact, count, fact not in self._estimated) for fact, count in self._counts.items())


def _cell_rows(
    cells: Sequence[tuple[Cell, int, Decimal, Decimal]], bits: Mapping[FacetKey, int], weights: _Weights
) -> Iterator[CountRow]:
    """Prices, ratings and stock, each counted with its own choice left out."""
    for kind, value_of, written in _VALUES:
        own = bits.get((kind, ""), 0)
        met: Counter[Any] = Counter()
        failing: Counter[Any] = Counter()
        for cell, count, _least, _most in cells:
            if not cell.failed:
                met[value_of(cell)] += count
            elif cell.failed == own:
                failing[value_of(cell)] += count
        for value in {**met, **failing}:
            total = met[value] * weights.met + failing[value] * weights.failing
            is_exact = (weights.met == 1 or not met[value]) and (weights.failing == 1 or not failing[value])
            yield CountRow(kind, "", written(value), written(value), total, is_exact)


_VALUES: tuple[tuple[str, Callable[[Cell], Any], Callable[[Any], str]], ...] = (
    ("price", attrgetter("price_step"), str),
    ("rating", attrgetter("stars"), str),
    ("stock", attrgetter("available"), lambda available: "true" if available else "false"),
)


def _fact_rows(
    facts: Sequence[tuple[int, str, str, str, str, int]], bits: Mapping[FacetKey, int], weights: _Weights
) -> Iterator[CountRow]:
    if not bits:
        # Nothing is chosen, nothing fails: each row is a value of its own.
        return (
            CountRow(kind, name, value, label or value, count * weights.met, weights.met == 1)
            for _failed, kind, name, value, label, count in facts
            if kind != "language"
        )
    tally = _Tally(weights)
    for failed, kind, name, value, label, count in facts:
        if kind != "language" and failed in (0, bits.get((kind, name), 0)):
            tally.add((kind, name, value, label or value), failed, count)
    return tally.rows()
