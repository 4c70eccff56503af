"""Which letters the person wants: the reminder of a cart, and what they wait for."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import services
from storefront.accounts.queries import CART_REMINDER, consent_since
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.reminders.queries import alerts_of
from storefront.reminders.services import cancel_alert
from storefront.web.account.views import blueprint, signed_in


@blueprint.get("/letters")
def letters() -> ResponseReturnValue:
    """What we may write about, beside orders."""
    user = signed_in()
    return render_template(
        "account/letters.html",
        agreed_at=consent_since(user.id, CART_REMINDER),
        hours=current_settings().cart_reminder_hours,
        alerts=alerts_of(user.id),
    )


@blueprint.post("/letters/cart")
def agree_to_cart_reminder() -> ResponseReturnValue:
    """Say yes or no to the reminder of a cart."""
    user_id = signed_in().id
    if request.form.get("agree"):
        services.give_consent(user_id, CART_REMINDER, "account")
        flash(_("We will remind you of a cart you leave, once."), "success")
    else:
        services.withdraw_consent(user_id, CART_REMINDER)
        flash(_("We will not remind you of a cart."), "success")
    return redirect(url_for("account.letters"), 303)


@blueprint.post("/letters/alerts/<uuid:alert_id>/removal")
def stop_waiting(alert_id: uuid.UUID) -> ResponseReturnValue:
    """Wait no longer for one of the person's own."""
    if cancel_alert(alert_id, signed_in().id):
        flash(_("We will not write to you about this product."), "success")
    return redirect(url_for("account.letters"), 303)
