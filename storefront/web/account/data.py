"""What the shop knows of a person: to take along, and to have deleted with the account."""

from __future__ import annotations

import json

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts.errors import ErasureRefused, WrongPassword
from storefront.core.extensions import limiter
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.limits import attempts
from storefront.http.visitor import current_visitor, end_session
from storefront.http.wording import explain
from storefront.journeys.personal_data.erasing import close_account, person_behind, unfinished_orders
from storefront.journeys.personal_data.exporting import person_data
from storefront.memberships.queries import membership_of
from storefront.web.account.forms import ClosingForm
from storefront.web.account.views import blueprint, signed_in


@blueprint.get("/data")
def data() -> ResponseReturnValue:
    """What there is to take along, and what becomes of it with the account."""
    return render_template("account/data.html")


@blueprint.post("/data/copy")
@limiter.limit(attempts)
def data_copy() -> ResponseReturnValue:
    """All of it as a file that people and programs can read."""
    person = person_data(person_behind(signed_in().id))
    shop = current_settings().shop_name.lower().replace(" ", "-")
    response = Response(
        json.dumps(person, indent=2, ensure_ascii=False), mimetype="application/json; charset=utf-8"
    )
    name = "".join(character for character in shop if character.isascii() and character.isalnum()) or "shop"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-my-data.json"'
    return response


@blueprint.route("/data/deletion", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
def deletion() -> ResponseReturnValue:
    """Ask once more, with the password, then delete the account; not while an order needs it yet."""
    form, problem = ClosingForm(), ""
    if form.validate_on_submit():
        try:
            close_account(current_visitor().identity, form.password.data or "")
        except WrongPassword as wrong:
            form.password.errors = [explain(wrong)]
        except ErasureRefused as refusal:
            problem = explain(refusal)
        else:
            end_session()
            flash(_("Your account is deleted. Thank you for having been here."), "success")
            return redirect(url_for("catalog.home"), 303)
    return _closing_page(form, problem)


def _closing_page(form: ClosingForm, problem: str) -> ResponseReturnValue:
    user = signed_in()
    page = render_template(
        "account/deletion.html",
        form=form,
        problem=problem,
        unfinished=unfinished_orders(person_behind(user.id)),
        membership=membership_of(user.id),
    )
    return page, 422 if form.is_submitted() else 200
