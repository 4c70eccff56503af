"""What finds products, whoever does the finding: PostgreSQL by default, Elasticsearch for those who outgrow it.

The seam is below the page and above the machine: a cleaned request, what its text means and what it is like go in;
ids in their order, counts and totals come out. Facets and cards are made of them in one place for all engines.
An adapter imports this module, never the other way round; ``storefront.app`` chooses one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from sys import intern
from typing import Protocol

import msgspec

from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.search.queries.facet_numbers import Fact
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.understanding import Question

EXTENSION = "search_engine"


class Hit(msgspec.Struct, frozen=True):
    """A product of the page. ``score`` compares within one answer only; higher is better."""

    product_id: uuid.UUID
    score: float


class CountRow(msgspec.Struct, frozen=True, gc=False):
    """How many products have one value of a facet, all other facets' choices met.

    ``kind`` is category, brand, price, rating, stock, tag, option or specification; ``name`` is the option's or
    specification's own name. The value of a category is its id, of a brand its slug, of a price the number of its
    step in ``PRICE_STEPS``, of a rating its whole stars, of stock ``true`` or ``false``. Unless ``is_exact``, the count
    is an estimate: it may be one beside an exact total.
    """

    kind: str
    name: str
    value: str
    label: str
    count: int
    is_exact: bool = True

    def __post_init__(self) -> None:
        """Two hundred lists name the same brands and colours: at hand, each of those texts is there once."""
        for name in ("kind", "name", "value", "label"):
            msgspec.structs.force_setattr(self, name, intern(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """One page of what was found.

    ``total`` is a lower bound or an estimate unless ``total_is_exact``. ``together`` is false where no product holds
    all terms and the hits hold some. Prices span what is found with the price's own choice left out, gross, in the
    shop's currency. ``next_after`` is the opaque position behind the last hit, ``previous_before`` the one before the
    first; None at the ends and where pages go by number only. ``most_shown`` is how many hits the pages lead to where
    that is less than ``total``. ``by_meaning``: what is near to the text in meaning took part.
    """

    hits: tuple[Hit, ...]
    total: int
    total_is_exact: bool
    together: bool
    counts: tuple[CountRow, ...]
    price_least: Decimal | None
    price_most: Decimal | None
    next_after: str | None = None
    previous_before: str | None = None
    most_shown: int | None = None
    by_meaning: bool = False


@dataclass(frozen=True, slots=True)
class Holders:
    """Of the products that hold a text's other words: how many hold one fact, or two of them; the counts compare.

    ``worded`` is how many hold the words that may be facts as words, wherever they stand.
    """

    worded: int
    of: Mapping[frozenset[Fact], int]


class SearchEngine(Protocol):
    """Something that finds products."""

    def answer(
        self, request: ListingRequest, question: Question | None, vector: Sequence[float] | None
    ) -> EngineAnswer:
        """The page of a cleaned ``request``.

        ``question`` is what its text means (None: a list without a text), ``vector`` its embedding where there is one.
        """

    def holders(
        self, request: ListingRequest, rest: Question, whole: Question, facts: Sequence[Fact]
    ) -> Holders:
        """Whether words of a text may be ``facts``: what holds the ``rest`` of it, and the choices of ``request``."""

    def suggest(self, typed: str, limit: int) -> list[uuid.UUID]:
        """Products whose names hold what was ``typed`` (cleaned), its last word half or whole; the best first."""


def search_engine() -> SearchEngine:
    """The running application's engine: what ``SEARCH_BACKEND`` names."""
    return once_per_application(EXTENSION, _not_chosen)


def _not_chosen(_settings: Settings) -> SearchEngine:
    raise RuntimeError("storefront.app chooses the search engine")
