"""The facets beside a list as the template shows them: in words, with links and names of fields."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from storefront.catalog.queries import CategoryPage, category_by_slug
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.formats import format_money
from storefront.search.queries import AppliedFilter, Facet, FacetOption, ListingPage
from storefront.web.catalog.addresses import OPTION, SPECIFICATION, ListAddress
from storefront.web.catalog.counts import Count

_OPEN_AT_FIRST = 4


class FacetChoice(msgspec.Struct, frozen=True):
    """One value that can be ticked."""

    value: str
    label: str
    count: Count
    selected: bool


class FacetGroup(msgspec.Struct, frozen=True):
    """One facet as a group of choices: the name its values are sent under, its legend, its options."""

    name: str
    legend: str
    kind: str
    options: tuple[FacetChoice, ...]
    open: bool


class FacetLink(msgspec.Struct, frozen=True):
    """One way to narrow the list that is a link: a category, a price range."""

    label: str
    url: str
    count: Count | None
    selected: bool


def category_links(page: ListingPage, address: ListAddress, category: CategoryPage | None) -> list[FacetLink]:
    """In a category: its children as places to go. In a search: departments to narrow it to."""
    options = _counted_options(page.facets, "category")
    if category is not None:
        # A child keeps what is chosen: the same filters, one level deeper.
        base = address.path.rsplit("/", 1)[0]
        return [
            FacetLink(
                one.label,
                ListAddress(f"{base}/{one.value}", address.request, True).page(1),
                count,
                one.selected,
            )
            for one, count in options
        ]
    links = [
        FacetLink(one.label, address.with_category(one.value), count, one.selected) for one, count in options
    ]
    if address.request.category_slug:
        links.insert(0, FacetLink(_("All categories"), address.with_category(None), None, False))
    return links


def _counted_options(facets: Sequence[Facet], kind: str) -> list[tuple[FacetOption, Count]]:
    facet = next((one for one in facets if one.kind == kind), None)
    return [(one, Count(one.count, facet.is_exact)) for one in facet.options] if facet else []


def facet_groups(page: ListingPage) -> list[FacetGroup]:
    """What can be ticked."""
    groups: list[FacetGroup] = []
    for facet in page.facets:
        if facet.kind in ("category", "price"):
            continue
        options = tuple(
            FacetChoice(one.value, _label(facet.kind, one), Count(one.count, facet.is_exact), one.selected)
            for one in facet.options
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


def price_links(page: ListingPage, address: ListAddress) -> list[FacetLink]:
    """Ranges of prices to choose from."""
    links = []
    for one, count in _counted_options(page.facets, "price"):
        low, high = price_ends(one.value)
        chosen = address.with_price(None, None) if one.selected else address.with_price(low, high)
        links.append(FacetLink(price_label(low, high), chosen, count, one.selected))
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


def filter_in_words(one: AppliedFilter) -> str:
    """A chosen filter as its chip names it."""
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
