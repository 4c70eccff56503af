"""Reviews: the list with its filter, writing one, saying that one helped."""

from __future__ import annotations

import uuid

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.catalog.queries import ProductPage
from storefront.core.pagination import page_number
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.absolute import absolute_url
from storefront.http.guest_pages import same_for_guests
from storefront.http.rendering import page_or_fragment, trigger, wants_fragment
from storefront.http.visitor import current_visitor
from storefront.reviews.queries import reviews_page
from storefront.reviews.services import vote_helpful, write_review
from storefront.web.catalog.addresses import with_query
from storefront.web.catalog.area import blueprint
from storefront.web.catalog.forms import ReviewForm, empty_review_form
from storefront.web.catalog.products import find_product
from storefront.web.catalog.review_list import ReviewList


@blueprint.get("/p/<slug>/reviews")
def reviews(slug: str) -> ResponseReturnValue:
    """All reviews of a product, by stars and by page."""
    page = find_product(slug)
    same_for_guests("catalog", f"product:{page.id}")
    found = _asked_reviews(page)
    response = page_or_fragment(
        "catalog/reviews.html",
        "catalog/_reviews.html",
        product=page,
        review_list=found,
        form=empty_review_form(),
        canonical=absolute_url(url_for("catalog.reviews", slug=page.slug)),
    )
    if wants_fragment():
        trigger(response, announce=ngettext("%(num)s review", "%(num)s reviews", found.page.shown_total))
    return response


def _asked_reviews(page: ProductPage) -> ReviewList:
    stars = request.args.get("stars", "")
    asked = reviews_page(
        page.id,
        viewer_id=current_visitor().identity.user_id,
        stars=int(stars) if stars in ("1", "2", "3", "4", "5") else None,
        sort=request.args.get("order", "helpful"),
        number=page_number(request.args.get("page")),
    )
    return ReviewList(page.slug, asked)


@blueprint.post("/p/<slug>/reviews")
def write(slug: str) -> ResponseReturnValue:
    """Take a review in: it waits until somebody of the shop has read it."""
    page = find_product(slug)
    form = ReviewForm()
    if not form.validate_on_submit():
        template = "catalog/_review_form.html" if wants_fragment() else "catalog/write_review.html"
        return make_response(render_template(template, product=page, form=form, thanks=False), 422)
    write_review(current_visitor().identity, page.id, form.review())
    thanks = _("Thank you. We read every review before it appears, usually within two working days.")
    if not wants_fragment():
        flash(thanks, "success")
        return redirect(url_for("catalog.product", slug=page.slug) + "#reviews", 303)
    response = make_response(
        render_template("catalog/_review_form.html", product=page, form=form, thanks=True)
    )
    trigger(response, announce=thanks)
    return response


@blueprint.get("/p/<slug>/reviews/write")
def write_form(slug: str) -> ResponseReturnValue:
    """The form on a page of its own."""
    return render_template(
        "catalog/write_review.html", product=find_product(slug), form=ReviewForm(formdata=None)
    )


@blueprint.post("/p/<slug>/reviews/<uuid:review_id>/helpful")
def helpful(slug: str, review_id: uuid.UUID) -> ResponseReturnValue:
    """Say that a review helped, or take it back; the list answers with the new count."""
    page = find_product(slug)
    stands = vote_helpful(current_visitor().identity, review_id)
    if not wants_fragment():
        back = with_query(url_for("catalog.reviews", slug=page.slug), _list_state())
        return redirect(f"{back}#review-{review_id}", 303)
    found = _asked_reviews(page)
    one = next((review for review in found.page.items if review.id == review_id), None)
    response = make_response(render_template("catalog/_helpful.html", product=page, review=one))
    trigger(response, announce=_("Thank you for your vote.") if stands else _("Your vote is taken back."))
    return response


def _list_state() -> dict[str, str]:
    return {name: request.args[name] for name in ("stars", "order", "page") if name in request.args}
