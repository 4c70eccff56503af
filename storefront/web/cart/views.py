"""The cart as a page and as a drawer: add, change, remove, undo, take over what has changed."""

from __future__ import annotations

import uuid
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from storefront.cart import services as carts
from storefront.cart.errors import ChooseVariant
from storefront.cart.queries import CartView, reduced_cart
from storefront.cart.queries.saved import saved_lines
from storefront.cart.services import AddedLine, RemovedLine
from storefront.core.errors import DomainError
from storefront.core.extensions import limiter
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.promotion_words import coupon_remark
from storefront.http.rendering import leave_to, page_or_fragment, trigger, wants_fragment
from storefront.http.visitor import current_visitor, with_session
from storefront.http.wording import explain
from storefront.web.cart.forms import LineForm, read_line

blueprint = Blueprint("cart", __name__)
_UNDO = "undo_removal"


@blueprint.get("/cart")
def page() -> ResponseReturnValue:
    """The whole cart. What was just removed can be put back, also without JavaScript."""
    removed = _removed_before()
    identity = current_visitor().identity
    cart, saved = reduced_cart(identity), saved_lines(identity)
    return page_or_fragment(
        "cart/page.html", "cart/_cart.html", cart=cart, saved=saved, removed=removed, problem=""
    )


@blueprint.get("/cart/drawer")
def drawer() -> ResponseReturnValue:
    """The cart as the drawer shows it; without JavaScript people are sent to the page."""
    if not wants_fragment():
        return redirect(url_for("cart.page"))
    cart = reduced_cart(current_visitor().identity)
    return render_template("cart/_drawer.html", cart=cart, removed=None, problem="", added=None)


@blueprint.post("/cart/lines")
def add() -> ResponseReturnValue:
    """Put a product into the cart."""
    line = read_line(request.form)
    try:
        added = with_session(lambda identity: _add(identity, line))
    except ChooseVariant as refusal:
        flash(explain(refusal), "info")
        return leave_to(url_for("catalog.product", slug=refusal.slug))
    if not wants_fragment():
        flash(_("In your cart: %(name)s.", name=added.name), "success")
        return redirect(url_for("cart.page"), 303)
    cart = reduced_cart(current_visitor().identity)
    return _answer(line.view, cart, announce=_added(added, cart), added=added)


def _add(identity: Identity, line: LineForm) -> AddedLine:
    if line.product_id is not None:
        return carts.add_line(identity, line.product_id, line.quantity)
    return carts.add_by_sku(identity, line.sku, line.quantity)


@blueprint.post("/cart/quantity")
def update() -> ResponseReturnValue:
    """Change how many of a product lie in the cart. A quantity that cannot be leaves the line as it was."""
    view = request.form.get("view", "page")
    try:
        line = read_line(request.form)
        changed = _change(line)
    except DomainError as refusal:
        return _refused(view, explain(refusal))
    cart = reduced_cart(current_visitor().identity)
    said = _("%(name)s: %(quantity)s in your cart.", name=changed.name, quantity=changed.quantity)
    return _answer(line.view, cart, announce=f"{said} {_sum(cart)}")


def _change(line: LineForm) -> AddedLine:
    product_id = line.product_id or uuid.UUID(int=0)
    return carts.set_quantity(current_visitor().identity, product_id, line.quantity)


@blueprint.post("/cart/removal")
def remove() -> ResponseReturnValue:
    """Take a product out of the cart, with a way to put it back."""
    line = read_line(request.form, quantity=False)
    removed = carts.remove_line(current_visitor().identity, line.product_id or uuid.UUID(int=0))
    if removed is not None and not wants_fragment():
        session[_UNDO] = [str(removed.product_id), removed.name, removed.quantity]
    cart = reduced_cart(current_visitor().identity)
    said = _("Removed: %(name)s.", name=removed.name) if removed else _("This was removed before.")
    return _answer(line.view, cart, announce=f"{said} {_sum(cart)}", removed=removed)


@blueprint.post("/cart/changes")
def accept() -> ResponseReturnValue:
    """Take over today's prices and what is left in stock."""
    view = request.form.get("view", "page")
    carts.accept_changes(current_visitor().identity)
    cart = reduced_cart(current_visitor().identity)
    return _answer(view, cart, announce=f"{_('Your cart is up to date.')} {_sum(cart)}")


def _codes() -> str:
    return current_settings().rate_limit_lookup


@blueprint.post("/cart/coupon")
@limiter.shared_limit(_codes, scope="codes")
def enter_coupon() -> ResponseReturnValue:
    """Take a discount code. One that does not apply is said why; tries are limited, so that nobody guesses."""
    try:
        cart = carts.enter_coupon(current_visitor().identity, request.form.get("code", ""))
    except DomainError as refusal:
        return _refused_code(explain(refusal))
    said = coupon_remark(cart.reductions.refused_code, cart.snapshot.currency)
    return _answer("page", cart, announce=said or _("The code %(code)s applies.", code=cart.coupon))


def _refused_code(problem: str) -> ResponseReturnValue:
    """Say at the field why a code does not apply; the sum may be far below the top of the cart."""
    if not wants_fragment():
        flash(problem, "error")
        return redirect(url_for("cart.page"), 303)
    cart = reduced_cart(current_visitor().identity)
    response = _fragment("page", cart=cart, removed=None, added=None, problem="", code_problem=problem)
    response.status_code = 422
    trigger(response, announce=problem)
    return response


@blueprint.post("/cart/coupon/removal")
def drop_coupon() -> ResponseReturnValue:
    """Do without the code."""
    carts.remove_coupon(current_visitor().identity)
    cart = reduced_cart(current_visitor().identity)
    return _answer("page", cart, announce=f"{_('The code was removed.')} {_sum(cart)}")


def _answer(
    view: str,
    cart: CartView,
    *,
    announce: str,
    removed: RemovedLine | None = None,
    added: AddedLine | None = None,
) -> ResponseReturnValue:
    if not wants_fragment():
        return redirect(url_for("cart.page"), 303)
    response = _fragment(view, cart=cart, removed=removed, added=added, problem="")
    trigger(response, announce=announce)
    return response


def _refused(view: str, problem: str) -> ResponseReturnValue:
    """Say what is wrong beside the cart, which is as it was."""
    if not wants_fragment():
        flash(problem, "error")
        return redirect(url_for("cart.page"), 303)
    cart = reduced_cart(current_visitor().identity)
    response = _fragment(view, cart=cart, removed=None, added=None, problem=problem)
    response.status_code = 422
    return response


def _fragment(view: str, **context: Any) -> Response:
    template = "cart/_cart.html" if view == "page" else "cart/_drawer.html"
    return make_response(render_template(template, with_badge=True, **context))


def _removed_before() -> RemovedLine | None:
    kept = session.pop(_UNDO, None)
    if not isinstance(kept, list) or len(kept) != 3:
        return None
    return RemovedLine(uuid.UUID(kept[0]), str(kept[1]), int(kept[2]))


def _added(added: AddedLine, cart: CartView) -> str:
    said = _("Added to your cart: %(name)s.", name=added.name)
    return f"{said} {_sum(cart)}"


def _sum(cart: CartView) -> str:
    if not cart.quantity:
        return _("Your cart is empty.")
    return ngettext(
        "There is %(num)s item in your cart.", "There are %(num)s items in your cart.", cart.quantity
    )
