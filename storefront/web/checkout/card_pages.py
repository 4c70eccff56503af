"""The pages of a payment by card, whatever it is for: the provider's fields, a kept card, the bank, the wait.

Each payment has its own addresses: whoever asks there has shown that it is theirs to pay.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts.queries import SignedInUser
from storefront.core.errors import NotFound
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.card_fields import provider_script, with_provider
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.payments.queries import PaymentRow
from storefront.payments.saved_cards import keep_card, keep_no_card, kept_cards, pay_with_card
from storefront.providers.payment_provider import PaymentProviderFailure

SECONDS_BETWEEN_LOOKS = 4


@dataclass(frozen=True, slots=True)
class CardPayment:
    """A payment that was begun, and its addresses.

    ``lead`` says on the page what is paid, ``over`` the same in short before the bank's. ``keep`` and ``pay_kept`` are
    where the box and a kept card's button lead, ``returned`` is the way back from the bank, ``back`` the same in full.
    ``way_out`` is for whoever would rather not.
    """

    number: str
    amount: Decimal
    currency: str
    lead: str
    over: str
    keep: str
    pay_kept: str
    returned: str
    back: str
    way_out: str
    way_out_label: str


def card_page(one: CardPayment, secret: str, payment: PaymentRow | None) -> ResponseReturnValue:
    """The page with the provider's fields: what is typed there never reaches the shop.

    Whoever is signed in may have the card kept, and pay with one they have kept.
    """
    user_id = current_visitor().identity.user_id
    page = render_template(
        "checkout/pay.html",
        pay=one,
        secret=secret,
        key=current_settings().stripe_publishable_key,
        script=provider_script(),
        cards=kept_cards(user_id),
        is_kept=payment is not None and user_id is not None and payment.kept_for == user_id,
    )
    return with_provider(make_response(page))


def keep_or_not(payment: PaymentRow | None) -> ResponseReturnValue:
    """The box "keep this card" is ticked, or no more (``keep=no``): said by the page before the card pays."""
    user = _with_account()
    try:
        if request.form.get("keep") == "no":
            keep_no_card(payment)
        else:
            keep_card(payment, user.id, user.email)
    except PaymentProviderFailure as failure:
        return explain(failure), 503
    return "", 204


def pay_with_kept(one: CardPayment, payment: PaymentRow | None) -> ResponseReturnValue:
    """Pay with the kept card that the form names. The bank may still want to hear from the shopper."""
    user = _with_account()
    try:
        step = pay_with_card(payment, user.id, _chosen_card(), one.back)
    except PaymentProviderFailure as failure:
        if failure.is_undecided:
            return waiting_page(
                one.number,
                _("Our payment provider does not answer at the moment. This page looks again by itself."),
                503,
                one.returned,
            )
        # The way back knows how it stands now, and offers the other cards.
        return redirect(one.returned, 303)
    if step.redirect_to:
        return _bank_page(one.over, step.redirect_to)
    return redirect(one.returned, 303)


def _with_account() -> SignedInUser:
    user = current_visitor().user
    if user is None:
        raise NotFound("card")
    return user


def _chosen_card() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("card", ""))
    except ValueError:
        raise NotFound("card") from None


def _bank_page(over: str, address: str) -> ResponseReturnValue:
    """A page of our own before the bank's: a form may not lead to other sites (``form-action``)."""
    response = make_response(render_template("checkout/bank.html", over=over, address=address))
    response.headers["Refresh"] = f"0;url={address}"
    return response


def tell_unpaid(outcome: str) -> None:
    """Say on the next page why a payment has not come about; nothing where it may still."""
    sentences = {
        "waiting": _(
            "This payment is not completed yet. Nothing was charged. Please try again, or take another card."
        ),
        "declined": _("Your bank did not approve the payment. Nothing was charged. Please try again."),
        "unknown": _(
            "Our payment provider has not begun this payment. Nothing was charged. Please try again."
        ),
    }
    if outcome in sentences:
        flash(sentences[outcome], "warning")


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
