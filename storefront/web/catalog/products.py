"""The product page and the choice of a variant."""

from __future__ import annotations

from decimal import Decimal

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.catalog.queries import ProductPage, Selection, product_page, related_products
from storefront.core.errors import NotFound
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.absolute import absolute_url
from storefront.http.guest_pages import same_for_guests
from storefront.http.links import link_to
from storefront.http.rendering import page_or_fragment, trigger, wants_fragment
from storefront.http.visitor import current_visitor
from storefront.reviews.queries import ReviewsPage, no_reviews, reviews_page
from storefront.shipping.queries import ShippingOption, advertised_shipping
from storefront.web.catalog.addresses import OPTION, crumb_links, with_query
from storefront.web.catalog.area import blueprint
from storefront.web.catalog.forms import empty_review_form
from storefront.web.catalog.review_list import ReviewList
from storefront.web.catalog.structured_data import breadcrumb_data, product_data


@blueprint.get("/p/<slug>")
def product(slug: str) -> ResponseReturnValue:
    """A product with the variant that ``variant`` or the ``option.`` arguments choose."""
    page = find_product(slug)
    if page.slug != slug:
        return redirect(url_for("catalog.product", slug=page.slug, variant=page.asked_sku), 301)
    selection = page.select(sku=request.args.get("variant"), options=_chosen_options())
    delivery = delivery_options(page, selection)
    if wants_fragment():
        same_for_guests("catalog", f"product:{page.id}")
        return _chosen_fragment(page, selection, delivery)
    related = related_products(page)
    same_for_guests("catalog", *(f"product:{one}" for one in (page.id, *(card.id for card in related))))
    return page_or_fragment(
        "catalog/product.html",
        "catalog/_product.html",
        product=page,
        selection=selection,
        delivery=delivery,
        related=related,
        review_list=ReviewList(page.slug, _first_reviews(page)),
        crumbs=crumb_links(page.breadcrumb, page.name),
        form=empty_review_form(),
        canonical=absolute_url(link_to("catalog.product", slug=page.slug)),
        structured=[product_data(page, selection), breadcrumb_data(page.breadcrumb, page.name)],
    )


def find_product(slug: str) -> ProductPage:
    """The product at ``slug``. Raises NotFound."""
    page = product_page(slug[:200].replace("\x00", ""))
    if page is None:
        raise NotFound("product", slug)
    return page


def _first_reviews(page: ProductPage) -> ReviewsPage:
    viewer_id = current_visitor().identity.user_id
    if viewer_id is None and page.review_count == 0:
        return no_reviews(page.id)
    return reviews_page(page.id, viewer_id=viewer_id)


def _chosen_options() -> dict[str, str]:
    given = {name: value for name, value in request.args.items() if name.startswith(OPTION)}
    return {name.removeprefix(OPTION): value for name, value in given.items()}


def _chosen_fragment(
    page: ProductPage, selection: Selection, delivery: list[ShippingOption]
) -> ResponseReturnValue:
    response = page_or_fragment(
        "catalog/product.html", "catalog/_product.html", product=page, selection=selection, delivery=delivery
    )
    chosen = {f"{OPTION}{axis.name}": axis.chosen for axis in selection.axes if axis.chosen}
    state = {"variant": selection.variant.sku} if selection.variant else chosen
    response.headers["HX-Replace-Url"] = with_query(url_for("catalog.product", slug=page.slug), state)
    trigger(response, announce=_in_words(selection))
    return response


def _in_words(selection: Selection) -> str:
    variant = selection.variant
    if variant is None:
        return _("Still to choose: %(what)s", what=", ".join(selection.missing) or _("another combination"))
    chosen = ", ".join(variant.options.values())
    return (
        _("%(chosen)s: in stock", chosen=chosen)
        if variant.in_stock
        else _("%(chosen)s: sold out", chosen=chosen)
    )


def delivery_options(page: ProductPage, selection: Selection) -> list[ShippingOption]:
    """How the chosen variant (or the cheapest) travels to the shop's own country."""
    variant = selection.variant or min(page.variants, key=lambda one: one.price)
    country = current_settings().shop_country
    return advertised_shipping().options(country, "", variant.price, variant.weight or Decimal(0))
