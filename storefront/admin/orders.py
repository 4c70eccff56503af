"""Orders: the list and one order, with what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.admin.access import requires
from storefront.admin.area import blueprint
from storefront.admin.order_forms import OrderForms
from storefront.admin.refunds import what_came_back
from storefront.core.errors import DomainError
from storefront.core.pagination import page_number
from storefront.http.order_words import words_for
from storefront.http.paper_words import paper_list
from storefront.http.wording import explain
from storefront.inventory.queries import backordered
from storefront.invoicing.queries import issued_for
from storefront.orders.carriers import TRACKING
from storefront.orders.queries_for_staff import order_payments, staff_order, staff_orders
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
    return order_answer(number)


def order_answer(
    number: str, forms: OrderForms | None = None, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """The page of an order, with forms as they were sent and what did not work."""
    found = staff_order(number)
    forms = forms or OrderForms()
    money = order_payments(found.id)
    forms.parcel.begin(found)
    forms.capture.begin(money.uncaptured)
    page = render_template(
        "admin/order.html",
        order=found,
        words=words_for(found),
        money=money,
        forms=forms,
        carriers=TRACKING,
        backordered=backordered(found.id),
        problem=problem,
        documents=paper_list(issued_for(found.id)),
        back=what_came_back(found.id),
    )
    return page, status


def act(number: str, forms: OrderForms, deed: Callable[[], object], done: str) -> ResponseReturnValue:
    """Do it and come back to the order; what does not work stands on its page, with what was typed."""
    try:
        deed()
    except DomainError as refusal:
        return order_answer(number, forms, explain(refusal), 409)
    flash(done, "good")
    return redirect(url_for("admin.order", number=number), 303)
