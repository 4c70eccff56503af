"""The wish list: the hearts on other pages, the list's own page, the link that shows it to others."""

from __future__ import annotations

import re
import uuid
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.cart import services as carts
from storefront.cart.errors import ChooseVariant, UnknownProduct
from storefront.cart.queries.wishes import shared_wish_list, wish_list
from storefront.cart.services import Wished
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.texts import gettext as _
from storefront.http.absolute import absolute_url
from storefront.http.rendering import leave_to, page_or_fragment, trigger, wants_fragment
from storefront.http.visitor import current_visitor, forget_visitor, with_session
from storefront.http.wording import explain

blueprint = Blueprint("wishes", __name__)
_PLACE = re.compile(r"heart-([a-z]+)-[0-9a-f-]{36}")


@blueprint.after_request
def _keep_to_ourselves(response: Response) -> Response:
    """The shared list's address is a secret: it goes into no other site's logs, and its page into no cache."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get("/wish-list")
def page() -> ResponseReturnValue:
    """The visitor's own list, with today's prices and stock."""
    return page_or_fragment("wishes/page.html", "wishes/_wishes.html", **_context())


@blueprint.post("/wish-list/items")
def change() -> ResponseReturnValue:
    """A heart was pressed: ``add`` or ``remove`` names the product."""
    adds = "add" in request.form
    product_id = _product_id(request.form.get("add" if adds else "remove", ""))
    changed = with_session(lambda identity: _change(identity, product_id, adds=adds))
    forget_visitor()
    said = _said(changed)
    if not wants_fragment():
        flash(said, "success")
        return redirect(url_for("wishes.page"), 303)
    response = make_response(_pressed(changed))
    trigger(response, announce=said)
    return response


def _change(identity: Identity, product_id: uuid.UUID, *, adds: bool) -> Wished:
    return carts.wish(identity, product_id) if adds else carts.unwish(identity, product_id)


def _pressed(changed: Wished) -> str:
    """The button in its new state, where it was pressed: on a card, or on the product's page."""
    place = _PLACE.fullmatch(request.headers.get("HX-Trigger", ""))
    if place is None:
        return render_template("wishes/_product_heart.html", wish_id=changed.product_id)
    return render_template("wishes/_heart.html", changed=changed, place=place.group(1))


@blueprint.post("/wish-list/removal")
def remove() -> ResponseReturnValue:
    """Take a wish off the list, on its page."""
    changed = carts.unwish(current_visitor().identity, _product_id(request.form.get("product_id", "")))
    return _answer(_said(changed))


@blueprint.post("/wish-list/cart")
def to_cart() -> ResponseReturnValue:
    """Move a wish into the cart."""
    product_id = _product_id(request.form.get("product_id", ""))
    try:
        added = carts.move_to_cart(current_visitor().identity, product_id)
    except ChooseVariant as refusal:
        flash(explain(refusal), "info")
        return leave_to(url_for("catalog.product", slug=refusal.slug))
    return _answer(_("Added to your cart: %(name)s.", name=added.name), with_badge=True)


@blueprint.post("/wish-list/share")
def share() -> ResponseReturnValue:
    """Make the link."""
    carts.share(current_visitor().identity)
    return _answer(_("Your list can be seen by whoever has the link."))


@blueprint.post("/wish-list/share/removal")
def stop_sharing() -> ResponseReturnValue:
    """Revoke the link."""
    carts.stop_sharing(current_visitor().identity)
    return _answer(_("The link opens nothing any more."))


@blueprint.get("/wish-list/shared/<token>")
def shared(token: str) -> ResponseReturnValue:
    """Somebody's list, for whoever has the link: what is wished for, and nothing about whose it is."""
    found = shared_wish_list(token[:100].replace("\x00", ""))
    if found is None:
        raise NotFound("wish_list", "")
    return render_template("wishes/shared.html", wishes=found)


def _answer(said: str, *, with_badge: bool = False) -> ResponseReturnValue:
    if not wants_fragment():
        flash(said, "success")
        return redirect(url_for("wishes.page"), 303)
    forget_visitor()
    response = make_response(render_template("wishes/_wishes.html", with_badge=with_badge, **_context()))
    trigger(response, announce=said)
    return response


def _context() -> dict[str, Any]:
    found = wish_list(current_visitor().identity)
    link = absolute_url(url_for("wishes.shared", token=found.share_token)) if found.share_token else ""
    return {"wishes": found, "share_link": link}


def _said(changed: Wished) -> str:
    if changed.is_wished:
        return _("On your wish list: %(name)s.", name=changed.name)
    return _("No longer on your wish list: %(name)s.", name=changed.name)


def _product_id(raw: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError:
        raise UnknownProduct(raw[:60]) from None
