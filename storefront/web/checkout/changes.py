"""An order is changed by its shopper: the form, what would change, and the card where it has to pay more."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from storefront.core.db import release
from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.order_change_form import ChangeForm
from storefront.http.order_changing import Changing
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.orders.change_payments import waiting_payment
from storefront.orders.queries import order_page
from storefront.orders.services import change_order, settle_change
from storefront.payments.queries import PaymentRow
from storefront.payments.services import client_secret_for
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


@blueprint.route("/orders/<number>/change", methods=["GET", "POST"])
def change(number: str) -> ResponseReturnValue:
    """The form; sent, it says what would change, and once that is agreed to, the order is changed."""
    identity = current_visitor().identity
    back = url_for("checkout.order", number=number)
    pages = Changing(
        order_page(identity, number), identity, "checkout/change.html", "checkout/change_confirm.html", back
    )
    return pages.answer(_confirmed)


def _confirmed(form: ChangeForm) -> ResponseReturnValue:
    number = form.order.number
    try:
        changed = change_order(current_visitor().identity, number, form.wanted(), form.agreed())
    except PaymentProviderFailure:
        flash(
            _("Our payment provider does not answer at the moment. Please look at your order again."),
            "warning",
        )
        return redirect(url_for("checkout.order", number=number), 303)
    if changed.needs_shopper:
        return redirect(url_for("checkout.pay_change", number=number), 303)
    flash(_("Your order was changed."), "success")
    return redirect(url_for("checkout.order", number=number), 303)


def _again(number: str) -> str:
    return url_for("checkout.change_paid", number=number)


@blueprint.get("/orders/<number>/change/pay")
def pay_change(number: str) -> ResponseReturnValue:
    """The card's fields for what a change costs more."""
    identity = current_visitor().identity
    order = order_page(identity, number)
    payment = waiting_payment(identity, number)
    release()
    if payment is None:
        return redirect(url_for("checkout.order", number=number), 303)
    try:
        secret = client_secret_for(payment)
    except PaymentProviderFailure as failure:
        return waiting_page(number, explain(failure), 503, _again(number))
    if secret is None:
        return redirect(url_for("checkout.change_paid", number=number), 303)
    return card_page(_begun(order.number, payment), secret, payment)


@blueprint.post("/orders/<number>/change/pay/keep")
def keep_change_card(number: str) -> ResponseReturnValue:
    """The box "keep this card" is ticked, or no more."""
    return keep_or_not(waiting_payment(current_visitor().identity, number))


@blueprint.post("/orders/<number>/change/pay/card")
def pay_change_kept(number: str) -> ResponseReturnValue:
    """Pay what a change costs more with a card that was kept."""
    order = order_page(current_visitor().identity, number)
    payment = waiting_payment(current_visitor().identity, number)
    if payment is None or not payment.provider_reference:
        return redirect(url_for("checkout.order", number=order.number), 303)
    return pay_with_kept(_begun(order.number, payment), payment)


def _begun(number: str, payment: PaymentRow) -> CardPayment:
    about = {"number": number, "amount": format_money(payment.amount, payment.currency)}
    return CardPayment(
        number=number,
        amount=payment.amount,
        currency=payment.currency,
        lead=_("Order %(number)s: %(amount)s for your change. It is made once the card has paid.", **about),
        over=_("Order %(number)s: %(amount)s for your change.", **about),
        keep=url_for("checkout.keep_change_card", number=number),
        pay_kept=url_for("checkout.pay_change_kept", number=number),
        returned=_again(number),
        back=url_for("checkout.change_paid", number=number, _external=True),
        way_out=url_for("checkout.order", number=number),
        way_out_label=_("Leave the order as it is"),
    )


@blueprint.get("/orders/<number>/change/paid")
def change_paid(number: str) -> ResponseReturnValue:
    """Back from the bank. What the address says of it is not read: the provider is asked."""
    identity = current_visitor().identity
    order_page(identity, number)
    payment = waiting_payment(identity, number)
    release()
    if payment is None:
        return redirect(url_for("checkout.order", number=number), 303)
    try:
        outcome = settle_change(payment)
    except PaymentProviderFailure as failure:
        return waiting_page(number, explain(failure), 503, _again(number))
    if outcome == "processing":
        return waiting_page(
            number,
            _("Your bank has not answered yet. This page looks again by itself."),
            again=_again(number),
        )
    tell_unpaid(outcome)
    if outcome in ("waiting", "declined"):
        return redirect(url_for("checkout.pay_change", number=number), 303)
    if outcome == "unknown":  # its page would only lead back here
        return redirect(url_for("checkout.order", number=number), 303)
    if outcome == "changed":
        flash(_("Your order was changed."), "success")
    else:
        flash(_("It was too late for this change. Whatever was paid for it goes back by itself."), "warning")
    return redirect(url_for("checkout.order", number=number), 303)
