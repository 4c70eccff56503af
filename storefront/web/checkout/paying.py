"""Paying by card: the page with the provider's own fields, and the way back from the bank."""

from __future__ import annotations

import uuid
from decimal import Decimal

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts.queries import SignedInUser
from storefront.core.db import release
from storefront.core.errors import NotFound
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.card_fields import provider_script, with_provider
from storefront.http.formats import format_money
from storefront.http.visitor import current_visitor, remember_proved_order
from storefront.http.wording import explain
from storefront.orders.queries import Unpaid, order_to_pay
from storefront.orders.services import bring_up_to_date
from storefront.payments.saved_cards import (
    is_to_be_kept,
    keep_card_of,
    keep_no_card_of,
    kept_cards,
    pay_with_card,
)
from storefront.payments.services import client_secret_of
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.web.checkout.area import blueprint

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
    user_id = current_visitor().identity.user_id
    is_kept = user_id is not None and is_to_be_kept(order.id)
    return card_page(
        order.number,
        order.to_pay,
        order.currency,
        secret,
        _back(order),
        url_for("checkout.pay_kept", number=order.number),
        is_kept=is_kept,
    )


def card_page(
    number: str,
    amount: Decimal,
    currency: str,
    secret: str,
    back: str,
    pay_kept: str = "",
    *,
    is_kept: bool = False,
) -> ResponseReturnValue:
    """The page with the provider's fields: ``amount`` for order ``number``; afterwards the browser goes ``back``.

    ``pay_kept`` is where the form of a card leads that the visitor has kept; without it none is offered. ``is_kept``:
    the shopper has asked for the card to be kept, at an attempt before.
    """
    cards = kept_cards(current_visitor().identity.user_id) if pay_kept else []
    page = render_template(
        "checkout/pay.html",
        number=number,
        amount=amount,
        currency=currency,
        secret=secret,
        key=current_settings().stripe_publishable_key,
        script=provider_script(),
        back=back,
        cards=cards,
        pay_kept=pay_kept,
        is_kept=is_kept,
    )
    return with_provider(make_response(page))


def _back(order: Unpaid) -> str:
    return url_for("checkout.returned", order=order.number, _external=True)


@blueprint.post("/checkout/pay/<number>/keep")
def keep(number: str) -> ResponseReturnValue:
    """The box "keep this card" is ticked, or no more (``keep=no``): said by the page before the card pays."""
    order, user = _own_order(number)
    try:
        if request.form.get("keep") == "no":
            keep_no_card_of(order.id)
        else:
            keep_card_of(order.id, user.id, user.email)
    except PaymentProviderFailure as failure:
        return explain(failure), 503
    return "", 204


@blueprint.post("/checkout/pay/<number>/card")
def pay_kept(number: str) -> ResponseReturnValue:
    """Pay with a card that was kept. The bank may still want to hear from the shopper."""
    order, user = _own_order(number)
    try:
        step = pay_with_card(order.id, user.id, chosen_card(), _back(order))
    except PaymentProviderFailure as failure:
        if failure.is_undecided:
            return _unanswered(order, failure)
        # The order's own page knows how it stands now, and offers the other cards.
        return redirect(url_for("checkout.returned", order=order.number), 303)
    if step.redirect_to:
        over = _("Order %(number)s over %(total)s.", number=order.number, total=_money(order))
        return bank_page(over, step.redirect_to)
    return redirect(url_for("checkout.returned", order=order.number), 303)


def _own_order(number: str) -> tuple[Unpaid, SignedInUser]:
    """The order, which must be of somebody with an account. Raises NotFound."""
    order, user = order_to_pay(current_visitor().identity, number), current_visitor().user
    if user is None:
        raise NotFound("card")
    return order, user


def chosen_card() -> uuid.UUID:
    """The kept card that the form names. Raises NotFound."""
    try:
        return uuid.UUID(request.form.get("card", ""))
    except ValueError:
        raise NotFound("card") from None


def _money(order: Unpaid) -> str:
    return format_money(order.to_pay, order.currency)


def bank_page(over: str, address: str) -> ResponseReturnValue:
    """A page of our own before the bank's: a form may not lead to other sites (``form-action``).

    ``over`` says what is paid.
    """
    response = make_response(render_template("checkout/bank.html", over=over, address=address))
    response.headers["Refresh"] = f"0;url={address}"
    return response


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


def tell_unpaid(outcome: str) -> None:
    """Say on the next page why a payment has not come about; nothing where it may still."""
    sentences = {
        "declined": _("Your bank did not approve the payment. Nothing was charged. Please try again."),
        "unknown": _(
            "Our payment provider has not begun this payment. Nothing was charged. Please try again."
        ),
    }
    if outcome in sentences:
        flash(sentences[outcome], "warning")


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
