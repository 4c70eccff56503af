"""Paying by card: the page with the provider's own fields, and the way back from the bank."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.db import release
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.csp import allow
from storefront.http.visitor import current_visitor, remember_proved_order
from storefront.http.wording import explain
from storefront.orders.queries import Unpaid, order_to_pay
from storefront.orders.services import bring_up_to_date
from storefront.payments.services import client_secret_of
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.web.checkout.area import blueprint

STRIPE_FRAMES = ("https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com")
SECONDS_BETWEEN_LOOKS = 4


@blueprint.get("/checkout/pay/<number>")
def pay(number: str) -> ResponseReturnValue:
    """The card's fields, which are the provider's: what is typed there never reaches the shop."""
    order = order_to_pay(current_visitor().identity, number)
    if order.status != "draft":
        return _after(order, "placed" if order.status != "cancelled" else "cancelled")
    release()
    try:
        secret = client_secret_of(order.id)
    except PaymentProviderFailure as failure:
        return _unanswered(order, failure)
    if secret is None:  # paid, or ended: the way back knows what follows
        return redirect(url_for("checkout.returned", order=order.number), 303)
    back = url_for("checkout.returned", order=order.number, _external=True)
    return card_page(order.number, order.to_pay, order.currency, secret, back)


def card_page(number: str, amount: Decimal, currency: str, secret: str, back: str) -> ResponseReturnValue:
    """The page with the provider's fields: ``amount`` for order ``number``; afterwards the browser goes ``back``."""
    settings = current_settings()
    page = render_template(
        "checkout/pay.html",
        number=number,
        amount=amount,
        currency=currency,
        secret=secret,
        key=settings.stripe_publishable_key,
        script=f"{settings.stripe_script_base}/v3/",
        back=back,
    )
    return _with_provider(make_response(page))


@blueprint.get("/checkout/return")
def returned() -> ResponseReturnValue:
    """Back from the payment. What the address says of it is not read: the provider is asked."""
    order = order_to_pay(current_visitor().identity, request.args.get("order", "")[:40])
    release()
    try:
        outcome = bring_up_to_date(order.id)
    except PaymentProviderFailure as failure:
        return _unanswered(order, failure)
    return _after(order, outcome)


def _after(order: Unpaid, outcome: str) -> ResponseReturnValue:
    if outcome == "placed":
        if current_visitor().identity.user_id is None:
            remember_proved_order(order.id)
        return redirect(url_for("checkout.thanks", number=order.number), 303)
    if outcome == "cancelled":
        flash(
            _(
                "This order did not come about, because it took too long or something was sold out meanwhile. "
                "Whatever was paid for it goes back by itself."
            ),
            "warning",
        )
        return redirect(url_for("cart.page"), 303)
    if outcome == "processing":
        return waiting_page(
            order.number, _("Your bank has not answered yet. This page looks again by itself.")
        )
    if outcome == "declined":
        flash(_("Your bank did not approve the payment. Nothing was charged. Please try again."), "warning")
    return redirect(url_for("checkout.pay", number=order.number), 303)


def _unanswered(order: Unpaid, failure: PaymentProviderFailure) -> ResponseReturnValue:
    sentence = _(
        "Our payment provider does not answer at the moment. Your order is kept; this page looks again by itself."
    )
    return waiting_page(order.number, sentence if failure.is_undecided else explain(failure), 503)


def waiting_page(number: str, sentence: str, status: int = 200, again: str = "") -> ResponseReturnValue:
    """Nobody knows yet; the page looks again by itself."""
    response = make_response(
        render_template(
            "checkout/waiting.html",
            number=number,
            sentence=sentence,
            again=again or url_for("checkout.returned", order=number),
        ),
        status,
    )
    response.headers["Refresh"] = str(SECONDS_BETWEEN_LOOKS)
    return response


def _with_provider(response: Response) -> Response:
    """Let this one page load the provider's script and frames."""
    settings = current_settings()
    parts = urlsplit(settings.stripe_script_base)
    script = f"{parts.scheme}://{parts.netloc}"
    own = script == "https://js.stripe.com"
    return allow(
        response,
        {
            "script-src": ("https://js.stripe.com", "https://*.js.stripe.com") if own else (script,),
            "frame-src": STRIPE_FRAMES if own else (script,),
            "connect-src": ("https://api.stripe.com",) if own else (script,),
        },
    )
