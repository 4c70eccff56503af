"""A list as the template shows it: totals in words, the way through its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from storefront.catalog.queries import CategoryPage, category_tree
from storefront.core.pagination import LAST_PAGE
from storefront.core.texts import gettext as _
from storefront.http.formats import format_number
from storefront.http.rendering import page_or_fragment, trigger, wants_fragment
from storefront.search.queries import ListingPage, search_listing
from storefront.web.catalog.addresses import ListAddress, read_request
from storefront.web.catalog.counts import products_in_words
from storefront.web.catalog.facets import filter_in_words
from storefront.web.catalog.panel import WrittenPanel, written_panel
from storefront.web.catalog.understood import Understood, understood


@dataclass(frozen=True, slots=True)
class Paging:
    """The way through a list: ``pages`` have numbers; where ``goes_on``, others follow that only their neighbours know.

    ``number`` is what the page is called, None so far out that nobody has counted. ``previous`` and ``next`` are
    addresses.
    """

    number: int | None
    pages: int
    goes_on: bool
    previous: str | None
    next: str | None

    @property
    def text(self) -> str:
        """``page 3 of 12``, ``page 57``; nothing where there is one page."""
        if self.number is None or not (self.previous or self.next):
            return ""
        if self.goes_on:
            return _("page %(number)s", number=format_number(self.number))
        return _("page %(number)s of %(pages)s", number=self.number, pages=self.pages)


@dataclass(frozen=True, slots=True)
class ListingView:
    """Everything ``catalog/_listing.html`` needs.

    ``summary`` is ``24 products`` or ``about 48,000 products``; ``departments`` are ways on where nothing was found, as
    (name, slug).
    """

    page: ListingPage
    address: ListAddress
    panel: WrittenPanel
    summary: str
    chips: tuple[tuple[str, str], ...]
    sorts: tuple[tuple[str, str], ...]
    paging: Paging
    understood: Understood | None
    departments: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """What is looked for, as headings put it between quotation marks: a phrase without its own."""
        text = self.page.request.text
        return text[1:-1] if text.count('"') == 2 and text[0] == text[-1] == '"' else text

    @property
    def announcement(self) -> str:
        """What the live region says: the total, and the page where there are several."""
        return ", ".join(part for part in (self.summary, self.paging.text) if part)

    @property
    def found_nothing(self) -> bool:
        """Whether a text has found nothing that taking a filter away would bring back."""
        return bool(self.page.request.text) and not self.page.total and not self.chips

    @property
    def most_shown(self) -> str | None:
        """How many of those found are listed, on the last page of a list that holds only the best."""
        is_last = self.page.page == self.page.pages and not self.paging.next
        return format_number(self.page.most_shown) if self.page.most_shown and is_last else None

    @property
    def has_filters(self) -> bool:
        """Whether there is anything to choose from, or chosen."""
        return bool(self.chips or not self.panel.is_empty)


def listing_view(path: str, category: CategoryPage | None = None) -> ListingView:
    """The list that the running request asks for, at ``path``."""
    asked = read_request(request.args, category.category.slug if category else None)
    page = search_listing(asked)
    address = ListAddress(path, page.request, category is not None)
    chips = tuple((filter_in_words(one), address.without(one)) for one in page.applied)
    summary = products_in_words(page.total, page.total_is_exact)
    return ListingView(
        page=page,
        address=address,
        panel=written_panel(page, address, category, summary),
        summary=summary,
        chips=chips,
        sorts=_sorts(bool(page.request.text)),
        paging=_paging(page, address),
        understood=understood(page, address),
        departments=tuple((node.name, node.slug) for node in category_tree()) if not page.total else (),
    )


def answer(view: ListingView, page_template: str, **context: Any) -> BaseResponse:
    """The whole page, or the list alone for HTMX with the address it stands for and what is announced."""
    response: Response = page_or_fragment(page_template, "catalog/_listing.html", view=view, **context)
    if wants_fragment():
        response.headers["HX-Push-Url"] = view.address.current()
        trigger(response, announce=view.announcement)
    return response


def _paging(page: ListingPage, address: ListAddress) -> Paging:
    """Where a neighbour has a number, its link goes by that: such addresses are shorter and shared."""
    number, numbered = page.page, page.pages
    is_far = bool(page.request.position)
    before = after = None
    if number > 1 and number - 1 <= numbered:
        before = address.page(number - 1)
    elif page.previous_before:
        before = address.page(max(number - 1, 1), page.previous_before)
    if number < numbered and not is_far:
        after = address.page(number + 1)
    elif page.next_after:
        after = address.page(min(number + 1, LAST_PAGE), page.next_after)
    return Paging(
        number=number if number < LAST_PAGE else None,
        pages=numbered,
        goes_on=is_far or (bool(page.next_after) and page.total > numbered * page.request.per_page),
        previous=before,
        next=after,
    )


def _sorts(is_search: bool) -> tuple[tuple[str, str], ...]:
    return (
        ("relevance", _("Best match") if is_search else _("Recommended")),
        ("newest", _("Newest")),
        ("price_up", _("Price, low to high")),
        ("price_down", _("Price, high to low")),
        ("rating", _("Best rated")),
        ("name", _("Name")),
    )
