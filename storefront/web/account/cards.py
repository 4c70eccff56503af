"""The cards that a person keeps: listed, added, removed. Their numbers are the provider's alone."""

from __future__ import annotations

import uuid

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.db import release
from storefront.core.errors import NotFound
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.card_fields import provider_script, with_provider
from storefront.http.sign_in import own_path
from storefront.http.wording import explain
from storefront.memberships.errors import CardPaysMembership
from storefront.memberships.services import remove_card as remove_kept_card
from storefront.payments import saved_cards
from storefront.payments.cards import cards_are_configured
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.web.account.views import blueprint, signed_in


@blueprint.get("/cards")
def cards() -> ResponseReturnValue:
    """The cards."""
    _check_offered()
    return render_template("account/cards.html", cards=saved_cards.kept_cards(signed_in().id))


@blueprint.post("/cards/new")
def new_card() -> ResponseReturnValue:
    """Begin to add a card: something new at the provider, which a mere look at a page never makes."""
    _check_offered()
    user = signed_in()
    release()
    try:
        setup = saved_cards.begin_card(user.id, user.email)
    except PaymentProviderFailure as failure:
        flash(explain(failure), "error")
        return redirect(url_for("account.cards"), 303)
    after = own_path(request.form.get("next"), "")
    return redirect(url_for("account.card_fields", setup_id=setup.id, next=after or None), 303)


@blueprint.get("/cards/new/<setup_id>")
def card_fields(setup_id: str) -> ResponseReturnValue:
    """The provider's fields for a card that pays nothing yet."""
    _check_offered()
    try:
        setup = saved_cards.card_begun(signed_in().id, setup_id[:255])
    except PaymentProviderFailure as failure:
        flash(explain(failure), "error")
        return redirect(url_for("account.cards"), 303)
    after = own_path(request.args.get("next"), url_for("account.cards"))
    back = url_for("account.card_added", next=after, _external=True)
    if setup.is_done:
        return redirect(back, 303)
    page = render_template(
        "account/card.html",
        secret=setup.client_secret,
        key=current_settings().stripe_publishable_key,
        script=provider_script(),
        back=back,
    )
    return with_provider(make_response(page))


@blueprint.get("/cards/added")
def card_added() -> ResponseReturnValue:
    """Back from the provider. What the address says is not read: the provider is asked for the cards."""
    _check_offered()
    user_id = signed_in().id
    release()
    try:
        saved_cards.read_cards(user_id)
    except PaymentProviderFailure as failure:
        flash(explain(failure), "warning")
    return redirect(own_path(request.args.get("next"), url_for("account.cards")), 303)


@blueprint.post("/cards/<uuid:card_id>/removal")
def remove_card(card_id: uuid.UUID) -> ResponseReturnValue:
    """Let go of a card that pays no membership."""
    user_id = signed_in().id
    try:
        remove_kept_card(user_id, card_id)
    except (PaymentProviderFailure, CardPaysMembership) as failure:
        flash(explain(failure), "error")
    else:
        flash(_("The card is removed, here and at our payment provider."), "success")
    return redirect(url_for("account.cards"), 303)


def _check_offered() -> None:
    if not cards_are_configured():
        raise NotFound("page")
