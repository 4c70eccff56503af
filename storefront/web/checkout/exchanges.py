"""What a dearer exchange costs on top, paid by its shopper: by card on a page of its own, or later after all."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.db import release
from storefront.core.errors import DomainError, NotFound
from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.payments.queries import PaymentRow
from storefront.payments.services import client_secret_for
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.returns.services import begin_difference, pay_later, settle_difference, waiting_difference
from storefront.web.checkout.area import blueprint
from storefront.web.checkout.card_pages import (
    CardPayment,
    card_page,
    keep_or_not,
    pay_with_kept,
    tell_unpaid,
    waiting_page,
)


@blueprint.post("/orders/<number>/returns/<return_number>/pay")
def begin_exchange_payment(number: str, return_number: str) -> ResponseReturnValue:
    """The button: the payment is begun, and the card's page follows."""
    try:
        begin_difference(current_visitor().identity, return_number)
    except NotFound:
        raise
    except PaymentProviderFailure as failure:
        flash(explain(failure), "warning")
        return _back(number)
    except DomainError as refusal:
        flash(explain(refusal), "warning")
        return _back(number)
    return redirect(url_for("checkout.pay_exchange", number=number, return_number=return_number), 303)


@blueprint.post("/orders/<number>/returns/<return_number>/pay-later")
def pay_exchange_later(number: str, return_number: str) -> ResponseReturnValue:
    """On invoice or on delivery after all."""
    try:
        pay_later(current_visitor().identity, return_number, request.form.get("method", "")[:40])
    except NotFound:
        raise
    except DomainError as refusal:
        flash(explain(refusal), "warning")
        return _back(number)
    flash(_("You pay the difference later. The invoice comes by mail."), "success")
    return _back(number)


@blueprint.get("/orders/<number>/returns/<return_number>/pay")
def pay_exchange(number: str, return_number: str) -> ResponseReturnValue:
    """The card's fields for what an exchange costs more."""
    payment = waiting_difference(current_visitor().identity, return_number)
    release()
    if payment is None:
        return _back(number)
    try:
        secret = client_secret_for(payment)
    except PaymentProviderFailure as failure:
        return waiting_page(number, explain(failure), 503, _again(number, return_number))
    if secret is None:
        return redirect(_again(number, return_number), 303)
    return card_page(_begun(number, return_number, payment), secret, payment)


@blueprint.post("/orders/<number>/returns/<return_number>/pay/keep")
def keep_exchange_card(number: str, return_number: str) -> ResponseReturnValue:
    """The box "keep this card" is ticked, or no more."""
    return keep_or_not(waiting_difference(current_visitor().identity, return_number))


@blueprint.post("/orders/<number>/returns/<return_number>/pay/card")
def pay_exchange_kept(number: str, return_number: str) -> ResponseReturnValue:
    """Pay what an exchange costs more with a card that was kept."""
    payment = waiting_difference(current_visitor().identity, return_number)
    if payment is None or not payment.provider_reference:
        return _back(number)
    return pay_with_kept(_begun(number, return_number, payment), payment)


def _begun(number: str, return_number: str, payment: PaymentRow) -> CardPayment:
    about = {"number": number, "amount": format_money(payment.amount, payment.currency)}
    return CardPayment(
        number=number,
        amount=payment.amount,
        currency=payment.currency,
        lead=_("Order %(number)s: the new goods of your exchange cost %(amount)s more.", **about),
        over=_("Order %(number)s: %(amount)s for your exchange.", **about),
        keep=url_for("checkout.keep_exchange_card", number=number, return_number=return_number),
        pay_kept=url_for("checkout.pay_exchange_kept", number=number, return_number=return_number),
        returned=_again(number, return_number),
        back=url_for("checkout.exchange_paid", number=number, return_number=return_number, _external=True),
        way_out=url_for("checkout.order", number=number),
        way_out_label=_("Choose another way to pay"),
    )


@blueprint.get("/orders/<number>/returns/<return_number>/paid")
def exchange_paid(number: str, return_number: str) -> ResponseReturnValue:
    """Back from the bank. What the address says of it is not read: the provider is asked."""
    payment = waiting_difference(current_visitor().identity, return_number)
    release()
    if payment is None:
        return _back(number)
    try:
        outcome = settle_difference(payment.id)
    except PaymentProviderFailure as failure:
        return waiting_page(number, explain(failure), 503, _again(number, return_number))
    if outcome == "processing":
        sentence = _("Your bank has not answered yet. This page looks again by itself.")
        return waiting_page(number, sentence, again=_again(number, return_number))
    tell_unpaid(outcome)
    if outcome in ("waiting", "declined"):
        return redirect(url_for("checkout.pay_exchange", number=number, return_number=return_number), 303)
    if outcome == "unknown":  # its page would only lead back here: the button begins it again
        return _back(number)
    if outcome == "paid":
        flash(_("Thank you: the difference is paid. The invoice comes by mail."), "success")
    else:
        flash(_("This payment counts for nothing. Whatever was paid goes back by itself."), "warning")
    return _back(number)


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("checkout.order", number=number), 303)


def _again(number: str, return_number: str) -> str:
    return url_for("checkout.exchange_paid", number=number, return_number=return_number)
