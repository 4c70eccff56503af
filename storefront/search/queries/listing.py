"""The listing: one page of products for a category or a search, in at most three statements.

1. (text only) how the text is understood, 2. the counts, 3. the cards. A page that finds nothing spends the
third on products that sell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storefront.catalog.queries import CARD_COLUMNS, ProductCard, card_from, listed
from storefront.core.clock import now
from storefront.core.db import session
from storefront.search.models import ProductSearch
from storefront.search.queries.facets import Counts, Facet, count_facets
from storefront.search.queries.filters import SHAPES_KEPT, Shape, filters_for, shape_of, values_of
from storefront.search.queries.matching import (
    Manner,
    Matching,
    exact_product,
    matching_query,
    understand,
)
from storefront.search.queries.request import ListingRequest

EXACT_SCORE = 100.0
"""What a product scores above all words when the text is its SKU or barcode."""


@dataclass(frozen=True, slots=True)
class AppliedFilter:
    """One chosen value, as its facet names it."""

    kind: str
    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ListingPage:
    """A page of the list. ``request`` is the cleaned one that was answered; ``popular`` fills an empty page."""

    request: ListingRequest
    cards: tuple[ProductCard, ...]
    total: int
    total_is_exact: bool
    facets: tuple[Facet, ...]
    applied: tuple[AppliedFilter, ...]
    page: int
    pages: int
    manner: Manner
    did_you_mean: str | None
    price_least: Any
    price_most: Any
    popular: tuple[ProductCard, ...]


@dataclass(frozen=True, slots=True)
class RankedProduct:
    """A found product with its score: higher is better, comparable within one answer only."""

    sku: str
    name: str
    score: float
    card: ProductCard


def search_listing(request: ListingRequest) -> ListingPage:
    """The page that ``request`` asks for; anything impossible in it is left out, a page too far is the last."""
    request = request.cleaned()
    matching = understand(request.text) if request.text else None
    shape, values = shape_of(request, matching), values_of(request, matching)
    counts = count_facets(request, shape, values)
    pages = max(1, -(-counts.total // request.per_page))
    request = replace(request, page=min(request.page, pages))
    ranked = _ranked(request, shape, values) if counts.total else []
    return ListingPage(
        request=request,
        cards=tuple(one.card for one in ranked),
        total=counts.total,
        total_is_exact=True,
        facets=tuple(counts.facets),
        applied=_applied(request, counts),
        page=request.page,
        pages=pages,
        manner=_manner(matching, counts),
        did_you_mean=matching.did_you_mean if matching else None,
        price_least=counts.price_least,
        price_most=counts.price_most,
        popular=() if counts.total else tuple(popular_products()),
    )


def ranked_products(text: str, limit: int = 20) -> list[RankedProduct]:
    """The best ``limit`` products for ``text``, in the order of the search page. Two statements."""
    request = ListingRequest(text=text, per_page=100).cleaned()
    if not request.text or limit < 1:
        return []
    matching = understand(request.text)
    shape, values = shape_of(request, matching), values_of(request, matching)
    return _ranked(replace(request, per_page=limit), shape, values)


def popular_products(limit: int = 8) -> list[ProductCard]:
    """What sells, in stock: for pages that have found nothing. One statement."""
    rows = session().execute(
        sa.select(*CARD_COLUMNS)
        .where(listed.c.available, listed.c.published_at <= now())
        .order_by(listed.c.popularity.desc(), listed.c.product_id)
        .limit(limit)
    )
    return [card_from(row) for row in rows]


def _manner(matching: Matching | None, counts: Counts) -> Manner:
    if matching is None:
        return "exact"
    return matching.manner if counts.together else "partial"


def _ranked(request: ListingRequest, shape: Shape, values: Mapping[str, Any]) -> list[RankedProduct]:
    window = {"page_size": request.per_page, "skipped": (request.page - 1) * request.per_page}
    rows = session().execute(_page_statement(shape, request.sort), {**values, **window})
    return [RankedProduct(row.sku, row.name, round(float(row.score), 4), card_from(row)) for row in rows]


@lru_cache(maxsize=SHAPES_KEPT)
def _page_statement(shape: Shape, sort: str) -> sa.Select[Any]:
    score = _score(shape)
    order = _order(sort, score, shape)
    chosen = (
        sa.select(
            ProductSearch.product_id,
            score.label("score"),
            sa.func.row_number().over(order_by=order).label("place"),
        )
        .where(*filters_for(shape).all_met())
        .order_by(*order)
        .limit(sa.bindparam("page_size", type_=sa.Integer()))
        .offset(sa.bindparam("skipped", type_=sa.Integer()))
        .subquery("chosen")
    )
    # Cut to the page before the wide columns are read: two dozen rows are touched, however many match.
    return (
        sa.select(*CARD_COLUMNS, chosen.c.score)
        .select_from(chosen)
        .join(listed, listed.c.product_id == chosen.c.product_id)
        .order_by(chosen.c.place)
    )


def _score(shape: Shape) -> sa.ColumnElement[float]:
    if shape.text == "none":
        return sa.cast(ProductSearch.popularity, sa.Double)
    # 1: longer texts count a little less, by the logarithm of their length.
    rank: Any = sa.func.ts_rank_cd(ProductSearch.search_vector, matching_query(shape.text), 1)
    if shape.has_exact:
        rank = rank + sa.case((exact_product(), EXACT_SCORE), else_=0.0)
    return sa.cast(rank, sa.Double)


def _order(sort: str, score: sa.ColumnElement[float], shape: Shape) -> tuple[Any, ...]:
    """The order of a list; always a total one, so that no product is on two pages."""
    listing = ProductSearch
    orders: dict[str, tuple[Any, ...]] = {
        "newest": (listing.published_at.desc(),),
        "price_up": (listing.price_min,),
        "price_down": (listing.price_min.desc(),),
        "rating": (listing.rating_average.desc(), listing.rating_count.desc()),
        "name": (listing.sort_name,),
    }
    if sort in orders:
        return (*orders[sort], listing.product_id)
    if shape.text != "none":
        return (score.desc(), listing.available.desc(), listing.popularity.desc(), listing.product_id)
    return (
        listing.available.desc(),
        listing.is_featured.desc(),
        listing.popularity.desc(),
        listing.rating_average.desc(),
        listing.product_id,
    )


def _applied(request: ListingRequest, counts: Counts) -> tuple[AppliedFilter, ...]:
    labels = {
        (facet.kind, facet.name, option.value): option.label
        for facet in counts.facets
        for option in facet.options
    }
    chosen: list[tuple[str, str, str]] = []
    if request.text and request.category_slug:
        chosen.append(("category", "", request.category_slug))
    chosen += [("option", name, value) for name, values in request.options.items() for value in values]
    if request.price_min is not None or request.price_max is not None:
        low = "" if request.price_min is None else str(request.price_min)
        chosen.append(("price", "", f"{low}-{'' if request.price_max is None else request.price_max}"))
    chosen += [("brand", "", value) for value in request.brands]
    if request.rating_min is not None:
        chosen.append(("rating", "", str(request.rating_min)))
    if request.in_stock:
        chosen.append(("stock", "", "1"))
    chosen += [
        ("specification", name, value) for name, values in request.specifications.items() for value in values
    ]
    chosen += [("tag", "", value) for value in request.tags]
    return tuple(
        AppliedFilter(kind, name, value, labels.get((kind, name, value)) or value)
        for kind, name, value in chosen
    )
