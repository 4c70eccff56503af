"""Orders: the list and one order."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from storefront.admin.access import requires
from storefront.admin.area import blueprint
from storefront.admin.refunds import what_came_back
from storefront.core.pagination import page_number
from storefront.invoicing.queries import issued_for
from storefront.orders.queries_for_staff import staff_order, staff_orders
from storefront.search.queries import clean_text


@blueprint.get("/orders")
@requires("orders", "read")
def orders() -> ResponseReturnValue:
    """All orders, by number, e-mail address and state."""
    text, status = clean_text(request.args.get("q")), request.args.get("status", "")
    page = staff_orders(text, status, page_number(request.args.get("page")))
    return render_template("admin/orders.html", page=page, text=text, status=status)


@blueprint.get("/orders/<number>")
@requires("orders", "read")
def order(number: str) -> ResponseReturnValue:
    """One order."""
    found = staff_order(number)
    return render_template(
        "admin/order.html", order=found, documents=issued_for(found.id), back=what_came_back(found.id)
    )
