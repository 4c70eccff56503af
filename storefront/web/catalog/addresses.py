"""The state of a list in its address: read from the query string, written back into links.

``?q=`` the text, ``category=`` (in a search), ``brand=``, ``price_min=``, ``price_max=``, ``rating=``,
``stock=1``, ``tag=``, ``option.Size=``, ``spec.Season=``, ``sort=``, ``page=``. Lists repeat their name. Pages too
far for a number of their own are found by ``position=``, as an answer of the search gave it; ``page=`` is then what
they are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from storefront.catalog.queries import Breadcrumb
from storefront.core.pagination import page_number
from storefront.core.texts import gettext as _
from storefront.http.links import link_to
from storefront.search.queries import AppliedFilter, ListingRequest

OPTION = "option."
SPECIFICATION = "spec."


def read_request(arguments: MultiDict[str, str], category_slug: str | None = None) -> ListingRequest:
    """What the query string asks for; whatever cannot be read is as if it were not there."""
    return ListingRequest(
        text=arguments.get("q", ""),
        category_slug=category_slug or arguments.get("category") or None,
        brands=tuple(arguments.getlist("brand")),
        price_min=_amount(arguments.get("price_min")),
        price_max=_amount(arguments.get("price_max")),
        rating_min=_stars(arguments.get("rating")),
        in_stock=arguments.get("stock") == "1",
        tags=tuple(arguments.getlist("tag")),
        options=_prefixed(arguments, OPTION),
        specifications=_prefixed(arguments, SPECIFICATION),
        sort=arguments.get("sort", "relevance"),
        page=page_number(arguments.get("page")),
        position=arguments.get("position", ""),
    ).cleaned()


def _prefixed(arguments: MultiDict[str, str], prefix: str) -> dict[str, tuple[str, ...]]:
    names = [name for name in arguments if name.startswith(prefix)]
    return {name.removeprefix(prefix): tuple(arguments.getlist(name)) for name in names}


def _amount(raw: str | None) -> Decimal | None:
    text = (raw or "").strip()[:20]
    if not text:
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def _stars(raw: str | None) -> int | None:
    return int(raw) if raw in ("1", "2", "3", "4", "5") else None


@dataclass(frozen=True, slots=True)
class ListAddress:
    """The address of a list in the state ``request``, and of the states one step away from it."""

    path: str
    request: ListingRequest
    category_in_path: bool

    def page(self, number: int, position: str = "") -> str:
        """The same list at page ``number``; where it has no number of its own, at ``position``."""
        return self._written(_at(self.request, number, position))

    def current(self) -> str:
        """The list as it is."""
        return self._written(self.request)

    def with_price(self, low: Decimal | None, high: Decimal | None) -> str:
        """The list between two prices, from its first page."""
        return self._written(_at(replace(self.request, price_min=low, price_max=high)))

    def with_category(self, slug: str | None) -> str:
        """The search inside another category, from its first page."""
        return self._written(_at(replace(self.request, category_slug=slug)))

    def with_text(self, text: str) -> str:
        """The search for another text with the same choices, from its first page."""
        return self._written(_at(replace(self.request, text=text)))

    def canonical(self) -> str:
        """What search engines shall know this page as: searches and narrowed lists are one page to them."""
        request = self.request
        if request.text or request.is_narrowed or request.sort != "relevance":
            return self.path
        in_path = None if self.category_in_path else request.category_slug
        bare = ListingRequest(category_slug=in_path)
        return ListAddress(self.path, bare, self.category_in_path).page(request.page, request.position)

    def cleared(self) -> str:
        """The list with no filter chosen."""
        kept = ListingRequest(text=self.request.text, sort=self.request.sort)
        if self.category_in_path:
            kept = replace(kept, category_slug=self.request.category_slug)
        return self._written(kept)

    def without(self, one: AppliedFilter) -> str:
        """The list without one chosen filter, from its first page."""
        return self._written(_at(_without(self.request, one)))

    def kept_by_form(self) -> list[tuple[str, str]]:
        """What the filter form carries along unseen: the text, and the category of a search."""
        kept = [("q", self.request.text)] if self.request.text else []
        if self.request.category_slug and not self.category_in_path:
            kept.append(("category", self.request.category_slug))
        return kept

    def _written(self, request: ListingRequest) -> str:
        return with_query(self.path, self._pairs(request))

    def _pairs(self, request: ListingRequest) -> list[tuple[str, str]]:
        pairs: list[tuple[str, Any]] = [("q", request.text)] if request.text else []
        if request.category_slug and not self.category_in_path:
            pairs.append(("category", request.category_slug))
        pairs += [("brand", value) for value in request.brands]
        pairs += [(OPTION + name, value) for name, values in request.options.items() for value in values]
        pairs += [(name, value) for name, value in _scalars(request) if value is not None]
        pairs += [
            (SPECIFICATION + name, value)
            for name, values in request.specifications.items()
            for value in values
        ]
        pairs += [("tag", value) for value in request.tags]
        if request.sort != "relevance":
            pairs.append(("sort", request.sort))
        if request.page > 1:
            pairs.append(("page", request.page))
        if request.position:
            pairs.append(("position", request.position))
        return [(name, str(value)) for name, value in pairs]


def _at(request: ListingRequest, page: int = 1, position: str = "") -> ListingRequest:
    return replace(request, page=page, position=position)


def _scalars(request: ListingRequest) -> list[tuple[str, Any]]:
    return [
        ("price_min", plain_amount(request.price_min)),
        ("price_max", plain_amount(request.price_max)),
        ("rating", request.rating_min),
        ("stock", "1" if request.in_stock else None),
    ]


def crumb_links(trail: Sequence[Breadcrumb], last: str) -> list[tuple[str, str | None]]:
    """The breadcrumb of a page as (label, address): home, the categories of ``trail``, the page itself."""
    above = [(crumb.name, link_to("catalog.category", slug=crumb.slug)) for crumb in trail]
    return [(_("Home"), link_to("catalog.home")), *above, (last, None)]


def with_query(path: str, state: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
    """``path`` with ``state`` as its query string, where there is any."""
    return f"{path}?{urlencode(state)}" if state else path


def plain_amount(amount: Decimal | None) -> str | None:
    """``10`` for 10.00, ``9.99`` for 9.99: as a person would type it."""
    if amount is None:
        return None
    return str(amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount)


def _without(request: ListingRequest, one: AppliedFilter) -> ListingRequest:
    def rest(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value for value in values if value != one.value)

    match one.kind:
        case "category":
            return replace(request, category_slug=None)
        case "brand":
            return replace(request, brands=rest(request.brands))
        case "price":
            return replace(request, price_min=None, price_max=None)
        case "rating":
            return replace(request, rating_min=None)
        case "stock":
            return replace(request, in_stock=False)
        case "tag":
            return replace(request, tags=rest(request.tags))
        case "option":
            options = {
                name: rest(values) if name == one.name else values for name, values in request.options.items()
            }
            return replace(request, options=options).cleaned()
        case _:
            chosen = {
                name: rest(values) if name == one.name else values
                for name, values in request.specifications.items()
            }
            return replace(request, specifications=chosen).cleaned()
