"""Letters that people ask for: the form for what is sold out, and where the links in the letters lead.

Looking at a link changes nothing (mail scanners look); a button does. Unsubscribing at once, as mail programs offer
it (RFC 8058), is a POST of its own.
"""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import services as accounts
from storefront.accounts.errors import EmailInvalid
from storefront.accounts.queries import CART_REMINDER
from storefront.cart import services as carts
from storefront.cart.queries import cart_view, owner_of_open_cart
from storefront.core.errors import NotFound
from storefront.core.extensions import limiter
from storefront.core.identity import Identity
from storefront.core.texts import gettext as _
from storefront.core.texts import language
from storefront.http.limits import attempts, letters
from storefront.http.rendering import trigger, wants_fragment
from storefront.http.sign_in import own_path
from storefront.http.signed_links import read_link
from storefront.http.visitor import current_visitor, with_session
from storefront.http.wording import explain
from storefront.reminders import queries, services

blueprint = Blueprint("reminders", __name__)
LINK_DAYS = 30


@blueprint.after_request
def _keep_to_ourselves(response: Response) -> Response:
    """No copy in a cache, and no address of a letter in another site's logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.post("/alerts")
@limiter.limit(attempts)
@letters
def wait() -> ResponseReturnValue:
    """Tell me when it is back: at once for the account's own address, after a yes for any other."""
    product_id = _product_id(request.form.get("product_id", ""))
    identity = current_visitor().identity
    if identity.user_id is not None:
        services.wait_for(identity, product_id, language())
        return _waiting(_("We will write to you as soon as it is back."))
    try:
        services.wait_by_email(request.form.get("email", "")[:300], product_id, language())
    except EmailInvalid as refusal:
        return _refused(product_id, explain(refusal))
    return _waiting(_("Please look into your mailbox: with the link in our mail you say yes."))


def _waiting(said: str) -> ResponseReturnValue:
    if not wants_fragment():
        flash(said, "success")
        return redirect(own_path(request.form.get("next"), "/"), 303)
    response = Response(render_template("reminders/_waiting.html", said=said), 200)
    trigger(response, announce=said)
    return response


def _refused(product_id: uuid.UUID, problem: str) -> ResponseReturnValue:
    context = {
        "alert_product_id": product_id,
        "alert_problem": problem,
        "alert_next": request.form.get("next"),
    }
    if wants_fragment():
        return render_template("reminders/_alert_form.html", **context), 422
    return render_template("reminders/alert.html", **context), 422


@blueprint.route("/alerts/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """The owner of the address says yes."""
    alert = queries.alert(read_link("confirm_alert", token, days=LINK_DAYS))
    if alert is None or alert.status not in ("unconfirmed", "waiting"):
        raise NotFound("alert")
    if request.method == "POST":
        services.confirm_alert(alert.id)
        flash(_("We will write to you as soon as “%(name)s” is back.", name=alert.name), "success")
        return redirect(url_for("catalog.product", slug=alert.slug, variant=alert.sku), 303)
    return render_template("reminders/confirm.html", alert=alert, token=token)


@blueprint.get("/unsubscribe/<kind>/<token>")
def unsubscribe(kind: str, token: str) -> ResponseReturnValue:
    """Ask once more, with a button: a program that only looks must not unsubscribe anybody."""
    _key_of(kind, token)
    return render_template("reminders/unsubscribe.html", kind=kind, token=token)


@blueprint.post("/unsubscribe/<kind>/<token>")
def unsubscribe_at_once(kind: str, token: str) -> ResponseReturnValue:
    """No more letters of this kind, from the page's button or from a mail program. Twice is once."""
    key = _key_of(kind, token)
    if kind == "alert":
        services.cancel_alert(key)
    else:
        accounts.withdraw_consent(key, CART_REMINDER)
    return render_template("reminders/unsubscribed.html", kind=kind)


def _key_of(kind: str, token: str) -> uuid.UUID:
    if kind == "alert":
        return read_link("stop_alert", token)
    if kind == "cart":
        return read_link("stop_cart_reminder", token)
    raise NotFound("link")


@blueprint.get("/cart/from-mail/<token>")
def restore(token: str) -> ResponseReturnValue:
    """The cart that a letter was about: its owner gets to it, others see what lies in it, not whose it is."""
    cart_id, owner = _cart_of(token)
    if current_visitor().identity.user_id == owner:
        return redirect(url_for("cart.page"), 303)
    return render_template(
        "reminders/cart.html", cart=cart_view(Identity(owner)), cart_id=cart_id, token=token
    )


@blueprint.post("/cart/from-mail/<token>")
def copy(token: str) -> ResponseReturnValue:
    """Copy it into this browser's own cart. The owner's stays as it is."""
    cart_id, _owner = _cart_of(token)
    copied = with_session(lambda identity: carts.copy_cart(cart_id, identity))
    if not copied:
        flash(_("Nothing of it is missing here, or nothing of it is left."), "info")
    return redirect(url_for("cart.page"), 303)


def _cart_of(token: str) -> tuple[uuid.UUID, uuid.UUID]:
    cart_id = read_link("open_cart", token, days=LINK_DAYS)
    owner = owner_of_open_cart(cart_id)
    if owner is None:
        raise NotFound("cart")
    return cart_id, owner


def _product_id(raw: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError:
        raise NotFound("product") from None
