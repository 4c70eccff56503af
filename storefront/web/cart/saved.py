"""Saved for later: out of the cart, into the list below it, and back."""

from __future__ import annotations

import uuid

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.cart import services as carts
from storefront.cart.queries import reduced_cart
from storefront.cart.queries.saved import saved_lines
from storefront.core.errors import DomainError
from storefront.core.texts import gettext as _
from storefront.http.rendering import trigger, wants_fragment
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.web.cart.forms import read_line
from storefront.web.cart.views import blueprint


@blueprint.post("/cart/saved")
def save() -> ResponseReturnValue:
    """Move a line below the cart."""
    try:
        removed = carts.save_for_later(current_visitor().identity, _product_id())
    except DomainError as refusal:
        return _answer(explain(refusal), problem=explain(refusal))
    if removed is None:
        return _answer(_("This was removed before."))
    return _answer(_("Saved for later: %(name)s.", name=removed.name))


@blueprint.post("/cart/saved/return")
def unsave() -> ResponseReturnValue:
    """Move a saved line back into the cart."""
    try:
        added = carts.return_to_cart(current_visitor().identity, _product_id())
    except DomainError as refusal:
        return _answer(explain(refusal), problem=explain(refusal))
    return _answer(_("In your cart: %(name)s.", name=added.name))


@blueprint.post("/cart/saved/removal")
def drop_saved() -> ResponseReturnValue:
    """Forget a saved line."""
    carts.drop_saved(current_visitor().identity, _product_id())
    return _answer(_("Removed from what you have saved."))


def _product_id() -> uuid.UUID:
    return read_line(request.form, quantity=False).product_id or uuid.UUID(int=0)


def _answer(said: str, *, problem: str = "") -> ResponseReturnValue:
    """The cart with the list beside it; a refusal stands in the cart's place for problems."""
    if not wants_fragment():
        flash(said, "error" if problem else "success")
        return redirect(url_for("cart.page"), 303)
    identity = current_visitor().identity
    cart, saved = reduced_cart(identity), saved_lines(identity)
    text = render_template("cart/_cart.html", cart=cart, removed=None, problem=problem, with_badge=True)
    text += render_template("cart/_saved.html", saved=saved, saved_beside=True)
    response = make_response(text, 422 if problem else 200)
    trigger(response, announce=said)
    return response
