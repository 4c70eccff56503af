"""The panel beside a list: everything there is to choose from, as one piece of the page.

Beside a list without a text it is the same for everybody until the counts change, so a process keeps the last ones that
it wrote.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

from cachetools import LRUCache
from flask import current_app
from markupsafe import Markup

from storefront.catalog.queries import CategoryPage
from storefront.core.cache_store import MOST_LARGE
from storefront.core.settings import current_settings
from storefront.core.texts import language
from storefront.search.queries import Facet, ListingPage
from storefront.web.catalog.addresses import ListAddress, plain_amount
from storefront.web.catalog.facets import FacetGroup, FacetLink, category_links, facet_groups, price_links


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class WrittenPanel:
    """A panel as it stands on the page. ``is_empty``: there is nothing to choose from."""

    html: Markup
    is_empty: bool


@dataclass(frozen=True, slots=True)
class _KeptPanel:
    """The panel beside these facets, without the hundreds of objects that it was made of and deflated: twenty thousand
    characters are three thousand bytes."""

    facets: tuple[Facet, ...]
    deflated: bytes
    is_empty: bool

    @classmethod
    def of(cls, facets: tuple[Facet, ...], panel: WrittenPanel) -> _KeptPanel:
        return cls(facets, zlib.compress(panel.html.encode(), zlib.Z_BEST_SPEED), panel.is_empty)

    def panel(self) -> WrittenPanel:
        return WrittenPanel(Markup(zlib.decompress(self.deflated).decode()), self.is_empty)


_Key = tuple[int, str, str, str]
_kept: LRUCache[_Key, _KeptPanel] = LRUCache(MOST_LARGE)
_lock = Lock()


def written_panel(
    page: ListingPage, address: ListAddress, category: CategoryPage | None, summary: str
) -> WrittenPanel:
    """The panel beside ``page``."""
    # The facets are the same object for as long as what they are made of is: see ``facets_of``.
    key = (id(page.facets), address.path, page.request.sort, language())
    with _lock:
        kept = _kept.get(key)
    if kept is not None and kept.facets is page.facets:
        return kept.panel()
    panel = _write(_panel(page, address, category, summary))
    if not page.request.text:
        made = _KeptPanel.of(page.facets, panel)
        with _lock:
            _kept[key] = made
    return panel


def _write(panel: FacetPanel) -> WrittenPanel:
    html = current_app.jinja_env.get_template("catalog/_facets.html").render(panel=panel)
    return WrittenPanel(Markup(html), not (panel.categories or panel.groups or panel.price_ranges))


def _panel(
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
