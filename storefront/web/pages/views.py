"""Policies and imprint, robots.txt, sitemaps, the favicon's old address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.assistant.documents import policy_page, policy_titles
from storefront.catalog.queries import CategoryNode, category_tree, sitemap_entries, sitemap_portions
from storefront.core.errors import NotFound
from storefront.core.texts import gettext as _
from storefront.http.absolute import absolute_url
from storefront.http.assets import asset_url
from storefront.http.guest_pages import same_for_guests
from storefront.web.pages.markdown import render_markdown

blueprint = Blueprint("pages", __name__)

_HOUR = "public, max-age=3600"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Carts, checkouts and accounts belong to one person; filtered and sorted lists are the same products again.
_NOT_FOR_ROBOTS = (
    "/cart",
    "/checkout",
    "/account",
    "/admin",
    "/chat",
    "/search",
    "/orders",
    "/dev",
    "/wish-list",
)


@blueprint.get("/pages/<slug>")
def page(slug: str) -> ResponseReturnValue:
    """A policy page out of the documents that the assistant cites. Each heading can be linked to."""
    found = policy_page(slug.replace("\x00", ""))
    if found is None:
        raise NotFound("page", slug)
    same_for_guests("catalog", "policies")
    return render_template(
        "pages/page.html",
        document=found,
        body=render_markdown(found.content),
        others=[(one.slug, one.title, url_for("pages.page", slug=one.slug)) for one in policy_titles()],
        crumbs=[(_("Home"), url_for("catalog.home")), (found.title, None)],
        canonical=absolute_url(request.path),
    )


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """What search engines may read, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS)]
    lines += ["", f"Sitemap: {absolute_url(url_for('pages.sitemap'))}", ""]
    return _kept("\n".join(lines), "text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """The index of the sitemaps: one of places, as many of products as are needed."""
    names = ["places", *(f"products-{number}" for number in range(1, sitemap_portions() + 1))]
    entries = (
        f"<sitemap><loc>{_absolute('pages.sitemap_part', name=name)}</loc></sitemap>" for name in names
    )
    return _xml("sitemapindex", entries)


@blueprint.get("/sitemap-<name>.xml")
def sitemap_part(name: str) -> ResponseReturnValue:
    """One sitemap: ``places`` (home, categories, policies) or ``products-<number>``."""
    if name == "places":
        return _xml("urlset", _places())
    kind, _dash, number = name.partition("-")
    if kind != "products" or not number.isascii() or not number.isdigit() or not 0 < int(number) <= 10_000:
        raise NotFound("sitemap", name)
    entries = sitemap_entries(int(number))
    if not entries:
        raise NotFound("sitemap", name)
    return _xml(
        "urlset", (_entry(_absolute("catalog.product", slug=one.slug), one.changed_at) for one in entries)
    )


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """The address that browsers try by themselves."""
    return redirect(asset_url("favicon.svg"), 302)


def _places() -> Iterable[str]:
    yield _entry(_absolute("catalog.home"))

    def below(nodes: Iterable[CategoryNode]) -> Iterable[str]:
        for node in nodes:
            yield _entry(_absolute("catalog.category", slug=node.slug))
            yield from below(node.children)

    yield from below(category_tree())
    for one in policy_titles():
        yield _entry(_absolute("pages.page", slug=one.slug))


def _absolute(endpoint: str, **values: str) -> str:
    path = url_for(endpoint, _anchor=None, _method=None, _scheme=None, _external=False, **values)
    return escape(absolute_url(path))


def _entry(location: str, changed_at: datetime | None = None) -> str:
    changed = f"<lastmod>{changed_at.date().isoformat()}</lastmod>" if changed_at else ""
    return f"<url><loc>{location}</loc>{changed}</url>"


def _xml(root: str, entries: Iterable[str]) -> Response:
    body = "".join(entries)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAP}">{body}</{root}>\n'
    return _kept(text, "application/xml; charset=utf-8")


def _kept(text: str, content_type: str) -> Response:
    response = Response(text, content_type=content_type)
    response.headers["Cache-Control"] = _HOUR
    return response
