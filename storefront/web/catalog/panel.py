"""The panel beside a list: everything there is to choose from, as one piece of the page.

Beside a list without a text it is the same for everybody until the counts change, so a process keeps the last ones that
it wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

from cachetools import LRUCache
from flask import current_app
from markupsafe import Markup

from storefront.catalog.queries import CategoryPage
from storefront.core.settings import current_settings
from storefront.core.texts import language
from storefront.search.queries import Facet, ListingPage
from storefront.web.catalog.addresses import ListAddress, plain_amount
from storefront.web.catalog.facets import FacetGroup, FacetLink, category_links, facet_groups, price_links


@dataclass(slots=True)
class FacetPanel:
    """Everything ``catalog/_facets.html`` needs. ``summary`` says how much the choice leaves."""

    address: ListAddress
    summary: str
    price_least: Decimal | None
    price_most: Decimal | None
    categories: tuple[FacetLink, ...]
    groups: tuple[FacetGroup, ...]
    price_ranges: tuple[FacetLink, ...]
    price_low: str | None
    price_high: str | None
    currency: str
    _html: bytes = b""

    @property
    def html(self) -> Markup:
        """The panel, written at the first use. What it was made of is not kept: hundreds of objects for each list."""
        if not self._html:
            template = current_app.jinja_env.get_template("catalog/_facets.html")
            self._html = template.render(panel=self).encode()
            self.categories = self.groups = self.price_ranges = ()
        return Markup(self._html.decode())

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to choose from."""
        return not (self._html or self.categories or self.groups or self.price_ranges)


_Key = tuple[int, str, str, str]
_written: LRUCache[_Key, tuple[tuple[Facet, ...], FacetPanel]] = LRUCache(128)
_lock = Lock()


def facet_panel(
    page: ListingPage, address: ListAddress, category: CategoryPage | None, summary: str
) -> FacetPanel:
    """The panel beside ``page``."""
    # The facets are the same object for as long as what they are made of is: see ``facets_of``.
    key = (id(page.facets), address.path, page.request.sort, language())
    with _lock:
        facets, panel = _written.get(key, (None, None))
    if panel is None or facets is not page.facets:
        panel = _write(page, address, category, summary)
        if not page.request.text:
            with _lock:
                _written[key] = (page.facets, panel)
    return panel


def _write(
    page: ListingPage, address: ListAddress, category: CategoryPage | None, summary: str
) -> FacetPanel:
    request = page.request
    return FacetPanel(
        address=address,
        summary=summary,
        price_least=page.price_least,
        price_most=page.price_most,
        categories=tuple(category_links(page, address, category)),
        groups=tuple(facet_groups(page)),
        price_ranges=tuple(price_links(page, address)),
        price_low=plain_amount(request.price_min),
        price_high=plain_amount(request.price_max),
        currency=current_settings().shop_currency,
    )
