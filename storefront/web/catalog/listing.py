"""A list as the template shows it: facets in words, links for every state one step away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from storefront.catalog.queries import CategoryPage, category_by_slug
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.formats import format_money
from storefront.http.rendering import page_or_fragment, trigger, wants_fragment
from storefront.search.queries import AppliedFilter, Facet, FacetOption, ListingPage, search_listing
from storefront.web.catalog.addresses import OPTION, SPECIFICATION, ListAddress, plain_amount, read_request

_OPEN_AT_FIRST = 4


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """One facet as a group of choices: the name its values are sent under, its legend, its options."""

    name: str
    legend: str
    kind: str
    options: tuple[FacetOption, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class FacetLink:
    """One way to narrow the list that is a link: a category, a price range."""

    label: str
    url: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class ListingView:
    """Everything ``catalog/_listing.html`` needs."""

    page: ListingPage
    address: ListAddress
    categories: tuple[FacetLink, ...]
    groups: tuple[FacetGroup, ...]
    price_ranges: tuple[FacetLink, ...]
    price_low: str | None
    price_high: str | None
    currency: str
    chips: tuple[tuple[str, str], ...]
    sorts: tuple[tuple[str, str], ...]

    @property
    def summary(self) -> str:
        """``24 products``, for the page and the live region."""
        return ngettext("%(num)s product", "%(num)s products", self.page.total)

    @property
    def has_filters(self) -> bool:
        """Whether there is anything to choose from, or chosen."""
        return bool(self.categories or self.groups or self.price_ranges or self.chips)


def listing_view(path: str, category: CategoryPage | None = None) -> ListingView:
    """The list that the running request asks for, at ``path``."""
    asked = read_request(request.args, category.category.slug if category else None)
    page = search_listing(asked)
    address = ListAddress(path, page.request, category is not None)
    return ListingView(
        page=page,
        address=address,
        categories=tuple(_categories(page.facets, address, category)),
        groups=tuple(_groups(page.facets)),
        price_ranges=tuple(_price_ranges(page.facets, address)),
        price_low=plain_amount(page.request.price_min),
        price_high=plain_amount(page.request.price_max),
        currency=current_settings().shop_currency,
        chips=tuple((_in_words(one), address.without(one)) for one in page.applied),
        sorts=_sorts(bool(page.request.text)),
    )


def answer(view: ListingView, page_template: str, **context: Any) -> BaseResponse:
    """The whole page, or the list alone for HTMX with the address it stands for and what is announced."""
    response: Response = page_or_fragment(page_template, "catalog/_listing.html", view=view, **context)
    if wants_fragment():
        response.headers["HX-Push-Url"] = view.address.current()
        trigger(response, announce=view.summary)
    return response


def _sorts(is_search: bool) -> tuple[tuple[str, str], ...]:
    return (
        ("relevance", _("Best match") if is_search else _("Recommended")),
        ("newest", _("Newest")),
        ("price_up", _("Price, low to high")),
        ("price_down", _("Price, high to low")),
        ("rating", _("Best rated")),
        ("name", _("Name")),
    )


def _categories(
    facets: Sequence[Facet], address: ListAddress, category: CategoryPage | None
) -> list[FacetLink]:
    """In a category: its children as places to go. In a search: departments to narrow it to."""
    options = next((facet.options for facet in facets if facet.kind == "category"), ())
    if category is not None:
        # A child keeps what is chosen: the same filters, one level deeper.
        base = address.path.rsplit("/", 1)[0]
        return [
            FacetLink(
                one.label,
                ListAddress(f"{base}/{one.value}", address.request, True).page(1),
                one.count,
                one.selected,
            )
            for one in options
        ]
    links = [
        FacetLink(one.label, address.with_category(one.value), one.count, one.selected) for one in options
    ]
    if address.request.category_slug:
        links.insert(0, FacetLink(_("All categories"), address.with_category(None), 0, False))
    return links


def _groups(facets: Sequence[Facet]) -> list[FacetGroup]:
    groups: list[FacetGroup] = []
    for facet in facets:
        if facet.kind in ("category", "price"):
            continue
        options = tuple(
            FacetOption(one.value, _label(facet.kind, one), one.count, one.selected) for one in facet.options
        )
        chosen = any(one.selected for one in options)
        kind = "radio" if facet.kind == "rating" else "checkbox"
        is_open = chosen or len(groups) < _OPEN_AT_FIRST
        groups.append(FacetGroup(_parameter(facet), _legend(facet), kind, options, is_open))
    return groups


def _parameter(facet: Facet) -> str:
    prefixes = {"option": OPTION, "specification": SPECIFICATION}
    return prefixes[facet.kind] + facet.name if facet.kind in prefixes else facet.kind


def _legend(facet: Facet) -> str:
    legends = {"brand": _("Brand"), "rating": _("Rating"), "stock": _("Availability"), "tag": _("Good for")}
    return legends.get(facet.kind) or facet.name


def _label(kind: str, option: FacetOption) -> str:
    if kind == "rating":
        return ngettext("%(num)s star and more", "%(num)s stars and more", int(option.value))
    if kind == "stock":
        return _("In stock")
    if kind == "tag":
        return tag_label(option.label)
    return option.label


def tag_label(tag: str) -> str:
    """``long-distance`` as ``Long distance``."""
    words = tag.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _price_ranges(facets: Sequence[Facet], address: ListAddress) -> list[FacetLink]:
    options = next((facet.options for facet in facets if facet.kind == "price"), ())
    links = []
    for one in options:
        low, high = price_ends(one.value)
        chosen = address.with_price(None, None) if one.selected else address.with_price(low, high)
        links.append(FacetLink(price_label(low, high), chosen, one.count, one.selected))
    return links


def price_ends(value: str) -> tuple[Decimal | None, Decimal | None]:
    """The two ends of ``10.00-19.99``; an empty one is open."""
    low, _dash, high = value.partition("-")
    return (Decimal(low) if low else None, Decimal(high) if high else None)


def price_label(low: Decimal | None, high: Decimal | None) -> str:
    """A price range in words."""
    if low is None and high is None:
        return _("Any price")
    if low is None and high is not None:
        return _("Up to %(high)s", high=format_money(high))
    if high is None and low is not None:
        return _("%(low)s and more", low=format_money(low))
    assert low is not None
    assert high is not None
    return _("%(low)s to %(high)s", low=format_money(low), high=format_money(high))


def _in_words(one: AppliedFilter) -> str:
    match one.kind:
        case "price":
            return price_label(*price_ends(one.value))
        case "rating":
            return ngettext("%(num)s star and more", "%(num)s stars and more", int(one.value))
        case "stock":
            return _("In stock")
        case "tag":
            return tag_label(one.label)
        case "category":
            found = category_by_slug(one.value)
            return found.category.name if found else one.value
        case "option" | "specification":
            return f"{one.name}: {one.label}"
        case _:
            return one.label
