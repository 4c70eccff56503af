"""Staff change an order for its shopper."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.core.texts import gettext as _
from storefront.http.order_change_form import ChangeForm
from storefront.http.order_changing import Changing
from storefront.orders.queries_for_staff import staff_order
from storefront.orders.services import change_for_shopper


@blueprint.route("/orders/<number>/change", methods=["GET", "POST"])
@requires("orders", "write")
def change_order(number: str) -> ResponseReturnValue:
    """The form; sent, it says what would change, and once that is agreed to, the order is changed."""
    order = staff_order(number)
    back = url_for("admin.order", number=order.number)

    def confirm(form: ChangeForm) -> ResponseReturnValue:
        change_for_shopper(actor_id(), order.number, form.wanted(), form.agreed())
        flash(_("The order was changed."), "good")
        return redirect(back, 303)

    pages = Changing(order, None, "admin/order_change.html", "admin/order_change_confirm.html", back)
    return pages.answer(confirm)
