"""Staff change an order for its shopper."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.core.errors import DomainError
from storefront.core.texts import gettext as _
from storefront.http.order_change_form import ChangeForm, change_form, differences
from storefront.http.wording import explain
from storefront.orders.changeable import choices_for, order_to_change
from storefront.orders.errors import TotalChanged
from storefront.orders.services import change_for_shopper, quote_change


@blueprint.route("/orders/<number>/change", methods=["GET", "POST"])
@requires("orders", "write")
def change_order(number: str) -> ResponseReturnValue:
    """The form; sent, it says what would change, and once that is agreed to, the order is changed."""
    order = order_to_change(None, number)
    choices = choices_for(order)
    form = change_form(order, choices, request.form if request.method == "POST" else None)
    if request.method == "GET" or request.form.get("act") == "back":
        return _form(form)
    if not form.address.validate():
        return _form(form, status=422)
    if request.form.get("act") == "confirm":
        return _confirmed(form)
    try:
        quote = quote_change(None, number, form.wanted())
    except DomainError as refusal:
        return _form(form, explain(refusal), 409)
    if quote.changes_nothing:
        return _form(form, _("Nothing is different yet."), 422)
    rows = differences(quote, choices, order.shipping_method)
    return render_template("admin/order_change_confirm.html", form=form, quote=quote, rows=rows)


def _confirmed(form: ChangeForm) -> ResponseReturnValue:
    number = form.order.number
    try:
        change_for_shopper(actor_id(), number, form.wanted(), form.agreed())
    except TotalChanged:
        sentence = _("The amounts have changed meanwhile, so nothing was changed. Please look at them again.")
        return _form(form, sentence, 409)
    except DomainError as refusal:
        return _form(form, explain(refusal), 409)
    flash(_("The order was changed."), "good")
    return redirect(url_for("admin.order", number=number), 303)


def _form(form: ChangeForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
    return render_template("admin/order_change.html", form=form, problem=problem), status
