"""An order is changed by its shopper: the form, what would change, and the card where it has to pay more."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.db import release
from storefront.core.errors import DomainError
from storefront.core.texts import gettext as _
from storefront.http.order_change_form import ChangeForm, change_form, differences
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.orders.change_payments import waiting_payment
from storefront.orders.changeable import choices_for, order_to_change
from storefront.orders.errors import OrderNotChangeable, TotalChanged
from storefront.orders.queries import order_page
from storefront.orders.services import change_order, quote_change, settle_change
from storefront.payments.services import client_secret_for
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.web.checkout.area import blueprint
from storefront.web.checkout.paying import card_page, waiting_page


@blueprint.route("/orders/<number>/change", methods=["GET", "POST"])
def change(number: str) -> ResponseReturnValue:
    """The form; sent, it says what would change, and once that is agreed to, the order is changed."""
    identity = current_visitor().identity
    page = order_page(identity, number)
    if not page.can_change:
        flash(explain(OrderNotChangeable(number, "state")), "info")
        return redirect(url_for("checkout.order", number=number), 303)
    order = order_to_change(identity, number)
    choices = choices_for(order)
    form = change_form(order, choices, request.form if request.method == "POST" else None)
    if request.method == "GET" or request.form.get("act") == "back":
        return _form(form)
    if not form.address.validate():
        return _form(form, status=422)
    if request.form.get("act") == "confirm":
        return _confirmed(form)
    try:
        quote = quote_change(identity, number, form.wanted())
    except DomainError as refusal:
        return _form(form, explain(refusal), 409)
    if quote.changes_nothing:
        return _form(form, _("Nothing is different yet."), 422)
    rows = differences(quote, choices, page.shipping_name)
    return render_template("checkout/change_confirm.html", form=form, quote=quote, rows=rows)


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
    except DomainError as refusal:
        return _form(form, _not_agreed(refusal), 409)
    if changed.needs_shopper:
        return redirect(url_for("checkout.pay_change", number=number), 303)
    flash(_("Your order was changed."), "success")
    return redirect(url_for("checkout.order", number=number), 303)


def _not_agreed(refusal: DomainError) -> str:
    if isinstance(refusal, TotalChanged):
        return _("The amounts have changed meanwhile, so nothing was changed. Please look at them again.")
    return explain(refusal)


def _form(form: ChangeForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
    return render_template("checkout/change.html", form=form, problem=problem), status


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
    back = url_for("checkout.change_paid", number=number, _external=True)
    return card_page(order.number, payment.amount, payment.currency, secret, back)


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
    if outcome in ("waiting", "declined"):
        if outcome == "declined":
            flash(
                _("Your bank did not approve the payment. Nothing was charged. Please try again."), "warning"
            )
        return redirect(url_for("checkout.pay_change", number=number), 303)
    if outcome == "changed":
        flash(_("Your order was changed."), "success")
    else:
        flash(_("It was too late for this change. Whatever was paid for it goes back by itself."), "warning")
    return redirect(url_for("checkout.order", number=number), 303)
