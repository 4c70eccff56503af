"""Home, category, search, suggestions."""

from __future__ import annotations

import time

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.assistant.documents import promises
from storefront.catalog.queries import category_by_slug, home_page
from storefront.core.errors import NotFound
from storefront.http.absolute import absolute_url
from storefront.http.guest_pages import same_for_guests
from storefront.http.links import link_to
from storefront.http.rendering import vary_by_fragment, wants_fragment
from storefront.http.visitor import current_visitor
from storefront.search.queries import LONGEST_TEXT, VECTORS, clean_text
from storefront.search.queries import suggest as find_suggestions
from storefront.search.services import log_search
from storefront.web.catalog.addresses import crumb_links, with_query
from storefront.web.catalog.area import blueprint
from storefront.web.catalog.listing import answer, listing_view
from storefront.web.catalog.structured_data import breadcrumb_data


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The first page."""
    same_for_guests("catalog", "products", "policies")
    return render_template(
        "catalog/home.html", page=home_page(), promises=promises(), canonical=absolute_url("/")
    )


@blueprint.get("/c/<path:slug>")
def category(slug: str) -> ResponseReturnValue:
    """The products of a category and those below it."""
    last = slug.rstrip("/").rsplit("/", 1)[-1]
    found = category_by_slug(last)
    if found is None:
        raise NotFound("category", slug)
    same_for_guests("catalog", f"category:{found.category.id}")
    path = link_to("catalog.category", slug=last)
    if last != slug:
        return redirect(path, 301)
    view = listing_view(path, found)
    return answer(
        view,
        "catalog/category.html",
        found=found,
        crumbs=crumb_links(found.breadcrumb, found.category.name),
        canonical=absolute_url(view.address.canonical()),
        breadcrumbs=breadcrumb_data(found.trail),
    )


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """The products that a text finds. Without a text: everything, to narrow down."""
    started = time.perf_counter()
    if len(request.args.get("q", "")) > LONGEST_TEXT and not wants_fragment():
        return vary_by_fragment(redirect(_cut_address()))
    same_for_guests("catalog", "products", VECTORS)
    view = listing_view(link_to("catalog.search"))
    # A page turned or a filter chosen is the same search still: it is logged once.
    if request.args.keys() == {"q"} and not wants_fragment():
        log_search(
            current_visitor().identity,
            request.args["q"],
            results_count=view.page.total,
            search_type="hybrid" if view.page.by_meaning else "text",
            milliseconds=(time.perf_counter() - started) * 1000,
            manner=view.page.manner,
            address=request.remote_addr,
            shown=[card.id for card in view.page.cards],
        )
    return answer(view, "catalog/search.html", canonical=absolute_url(view.address.canonical()))


def _cut_address() -> str:
    """The address with as much of its text as is looked for.

    HTMX tells the page's address with each request, in a header: no server takes ten thousand characters there.
    """
    others = [pair for pair in request.args.items(multi=True) if pair[0] != "q"]
    return with_query(link_to("catalog.search"), [("q", clean_text(request.args["q"])), *others])


@blueprint.get("/search/suggest")
def suggest() -> ResponseReturnValue:
    """What the box under the search field shows. Without JavaScript nobody asks; a person is sent to the search."""
    typed = request.args.get("q", "")
    if not wants_fragment():
        return vary_by_fragment(redirect(url_for("catalog.search", q=typed or None)))
    same_for_guests("catalog", "products")
    shown = render_template("catalog/_suggestions.html", suggestions=find_suggestions(typed))
    return vary_by_fragment(make_response(shown))
