"""What somebody asks of the listing. Whatever comes in, a sensible request goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from storefront.core.pagination import LAST_PAGE

SORTS = ("relevance", "newest", "price_up", "price_down", "rating", "name")
LONGEST_TEXT = 200
LONGEST_VALUE = 120
LONGEST_POSITION = 600
MOST_VALUES = 20
MOST_NAMES = 10
MOST_PER_PAGE = 1_000
DEAREST = Decimal("9999999999")

_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


_NEVER_STORED = re.compile(r"[\x00\ud800-\udfff]")


def clean_text(raw: str | None, longest: int = LONGEST_TEXT) -> str:
    """``raw`` on one line without control and direction characters, at most ``longest`` characters."""
    # Cut before the pattern runs: nobody makes us look at ten thousand characters.
    return " ".join(_NOT_PRINTED.sub(" ", (raw or "")[: longest * 4]).split())[:longest].strip()


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """A page of the listing: the text, the category of the address, the choices, the order.

    Prices are gross, in the shop's currency, both ends included. ``options`` and ``specifications`` map a
    facet's name to its chosen values: one of the values of a facet suffices, every facet must be met. ``position`` is
    where the page begins or ends, as an answer of the engine gave it; ``page`` is then only what it is called.
    """

    text: str = ""
    category_slug: str | None = None
    brands: tuple[str, ...] = ()
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    rating_min: int | None = None
    in_stock: bool = False
    tags: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    specifications: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1
    position: str = ""
    per_page: int = 24

    def cleaned(self) -> ListingRequest:
        """The request with everything impossible left out: what the shop really answers."""
        low, high = _price(self.price_min), _price(self.price_max)
        if low is not None and high is not None and low > high:
            low, high = high, low
        rating = self.rating_min
        return replace(
            self,
            text=clean_text(self.text),
            category_slug=clean_text(self.category_slug, LONGEST_VALUE) or None,
            brands=_values(self.brands),
            price_min=low,
            price_max=high,
            rating_min=min(rating, 5) if rating and rating > 0 else None,
            tags=_values(self.tags),
            options=_named(self.options),
            specifications=_named(self.specifications),
            sort=self.sort if self.sort in SORTS else "relevance",
            page=min(max(self.page, 1), LAST_PAGE),
            position=self.position[:LONGEST_POSITION],
            per_page=min(max(self.per_page, 1), MOST_PER_PAGE),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is chosen (the text and the category of the address are none)."""
        chosen = (self.brands, self.tags, self.options, self.specifications, self.rating_min, self.in_stock)
        return any(chosen) or self.price_min is not None or self.price_max is not None


def _price(amount: Decimal | None) -> Decimal | None:
    if amount is None or not amount.is_finite():
        return None
    return min(max(amount, Decimal(0)), DEAREST).quantize(Decimal("0.01"))


def _value(raw: str) -> str:
    """A facet's value as it is stored: a no-break space in it is part of it."""
    return _NEVER_STORED.sub("", raw[:LONGEST_VALUE])


def _values(raw: Iterable[str]) -> tuple[str, ...]:
    cleaned = map(_value, raw)
    return tuple(dict.fromkeys(value for value in cleaned if value))[:MOST_VALUES]


def _named(raw: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    cleaned = ((_value(name), _values(values)) for name, values in raw.items())
    return dict([(name, values) for name, values in cleaned if name and values][:MOST_NAMES])
