"""Paying by card: the page with the provider's own fields, and the way back from the bank."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.db import release
from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.visitor import current_visitor, remember_proved_order
from storefront.http.wording import explain
from storefront.orders.queries import Unpaid, order_to_pay
from storefront.orders.services import bring_up_to_date
from storefront.payments.queries import payment_at_provider
from storefront.payments.services import client_secret_of
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.web.checkout.area import blueprint
from storefront.web.checkout.card_pages import (
    CardPayment,
    card_page,
    keep_or_not,
    pay_with_kept,
    tell_unpaid,
    waiting_page,
)


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
    return card_page(_begun(order), secret, payment_at_provider(order.id))


@blueprint.post("/checkout/pay/<number>/keep")
def keep(number: str) -> ResponseReturnValue:
    """The box "keep this card" is ticked, or no more."""
    order = order_to_pay(current_visitor().identity, number)
    return keep_or_not(payment_at_provider(order.id))


@blueprint.post("/checkout/pay/<number>/card")
def pay_kept(number: str) -> ResponseReturnValue:
    """Pay with a card that was kept. The bank may still want to hear from the shopper."""
    order = order_to_pay(current_visitor().identity, number)
    return pay_with_kept(_begun(order), payment_at_provider(order.id))


def _begun(order: Unpaid) -> CardPayment:
    about = {"number": order.number, "total": format_money(order.to_pay, order.currency)}
    return CardPayment(
        number=order.number,
        amount=order.to_pay,
        currency=order.currency,
        lead=_("Order %(number)s over %(total)s. The goods are held for you meanwhile.", **about),
        over=_("Order %(number)s over %(total)s.", **about),
        keep=url_for("checkout.keep", number=order.number),
        pay_kept=url_for("checkout.pay_kept", number=order.number),
        returned=url_for("checkout.returned", order=order.number),
        back=url_for("checkout.returned", order=order.number, _external=True),
        way_out=url_for("checkout.page"),
        way_out_label=_("Choose another way to pay"),
    )


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
    tell_unpaid(outcome)
    if outcome == "unknown":  # its page would only lead back here: the checkout begins it
        return redirect(url_for("checkout.page"), 303)
    return redirect(url_for("checkout.pay", number=order.number), 303)


def _unanswered(order: Unpaid, failure: PaymentProviderFailure) -> ResponseReturnValue:
    sentence = _(
        "Our payment provider does not answer at the moment. Your order is kept; this page looks again by itself."
    )
    return waiting_page(order.number, sentence if failure.is_undecided else explain(failure), 503)
