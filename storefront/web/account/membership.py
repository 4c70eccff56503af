"""The person's membership: what can be had, what they have, joining, leaving, staying after all."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import DomainError, NotFound
from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.wording import explain
from storefront.memberships import queries, services
from storefront.memberships.errors import PriceSeenOtherwise
from storefront.payments.cards import cards_are_configured
from storefront.payments.saved_cards import kept_cards
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.web.account.views import blueprint, signed_in


@blueprint.get("/membership")
def membership() -> ResponseReturnValue:
    """What it is and until when; or what can be had; or that this shop offers none."""
    user_id = signed_in().id
    is_offered = cards_are_configured()
    current = queries.membership_of(user_id)
    plans = queries.offered_plans() if is_offered and current is None else []
    return render_template(
        "account/membership.html",
        current=current,
        plan=queries.plan(current.plan_id) if current is not None and current.plan_id else None,
        plans=plans,
        cards=kept_cards(user_id) if plans else [],
        is_offered=is_offered,
    )


@blueprint.post("/membership")
def join_membership() -> ResponseReturnValue:
    """Join, with a card that was kept."""
    user_id, plan_id, card_id = signed_in().id, _id("plan"), _id("card")
    try:
        joined = services.join(user_id, plan_id, card_id)
    except DomainError as refusal:
        return _back(explain(refusal), "error")
    if joined.is_running:
        return _back(_("Welcome! Your membership has begun."))
    return _back(_("Your bank did not approve this yet. Please see below what is to be done."), "warning")


@blueprint.post("/membership/end")
def end_membership() -> ResponseReturnValue:
    """Let it end with what is paid."""
    return _act(services.stop_at_period_end, _("Your membership ends with what you have paid for."))


@blueprint.post("/membership/resume")
def resume_membership() -> ResponseReturnValue:
    """Stay after all."""
    return _act(services.resume, _("Your membership goes on."))


@blueprint.post("/membership/withdrawal")
def withdraw_membership() -> ResponseReturnValue:
    """Give up one that has not begun."""
    return _act(services.withdraw, _("Your membership did not begin. Nothing is charged."))


@blueprint.post("/membership/payment")
def pay_membership() -> ResponseReturnValue:
    """To the provider's page, on which what is owed is paid and the bank is heard."""
    try:
        address = services.payment_page(signed_in().id)
    except DomainError as refusal:
        return _back(explain(refusal), "error")
    if not address:
        return _back(_("There is nothing to pay at the moment."), "info")
    # By a page of our own: a form may not lead to other sites.
    response = make_response(render_template("account/pay_membership.html", address=address))
    response.headers["Refresh"] = f"0;url={address}"
    return response


@blueprint.get("/membership/change")
def change_membership() -> ResponseReturnValue:
    """Which card pays it, and which other plans there are."""
    user_id = signed_in().id
    current = queries.membership_of(user_id)
    if current is None or current.reference is None or not cards_are_configured():
        return redirect(url_for("account.membership"), 303)
    try:
        paying = services.paying_card(user_id)
    except PaymentProviderFailure as failure:
        return _back(explain(failure), "error")
    return render_template(
        "account/membership_change.html",
        current=current,
        plans=queries.offered_plans(),
        cards=kept_cards(user_id),
        paying=paying,
    )


@blueprint.post("/membership/card")
def change_membership_card() -> ResponseReturnValue:
    """Another card pays from now on."""
    card_id = _id("card")
    return _act(
        lambda user_id: services.change_card(user_id, card_id),
        _("This card pays your membership from now on."),
    )


@blueprint.get("/membership/change/<uuid:plan_id>")
def confirm_membership_plan(plan_id: uuid.UUID) -> ResponseReturnValue:
    """What the change to this plan costs now, and when it falls due next: said before anybody says yes."""
    user_id = signed_in().id
    try:
        quote = services.quote_change(user_id, plan_id)
    except NotFound:
        raise
    except DomainError as refusal:
        return _back(explain(refusal), "error")
    return render_template(
        "account/membership_confirm.html", current=queries.membership_of(user_id), quote=quote
    )


@blueprint.post("/membership/plan")
def change_membership_plan() -> ResponseReturnValue:
    """Another plan from now on, at what the page said."""
    plan_id = _id("plan")
    try:
        charged = services.change_plan(signed_in().id, plan_id, _seen())
    except PriceSeenOtherwise as refusal:
        flash(explain(refusal), "error")
        return redirect(url_for("account.confirm_membership_plan", plan_id=plan_id), 303)
    except DomainError as refusal:
        return _back(explain(refusal), "error")
    said = _("Your membership has changed.")
    if charged is not None:
        amount = format_money(*charged)
        said += " " + (
            _("Charged now: %(amount)s.", amount=amount) if charged[0] else _("Nothing is charged now.")
        )
    return _back(said)


def _seen() -> services.SeenQuote:
    """What the form says that its page said; what is no such thing was never seen."""
    try:
        due = Decimal(request.form.get("due", "")[:20])
        if not due.is_finite():
            raise ValueError(due)
        at = datetime.fromtimestamp(int(request.form.get("at", "")[:12]), UTC)
    except (ArithmeticError, ValueError, OSError):
        due, at = Decimal(-1), datetime.fromtimestamp(0, UTC)
    return services.SeenQuote(request.form.get("price", "")[:200], due, at)


def _act(act: Callable[[uuid.UUID], None], said: str) -> ResponseReturnValue:
    try:
        act(signed_in().id)
    except DomainError as refusal:
        return _back(explain(refusal), "error")
    return _back(said)


def _back(said: str, kind: str = "success") -> ResponseReturnValue:
    flash(said, kind)
    return redirect(url_for("account.membership"), 303)


def _id(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        raise NotFound(name) from None
