"""Where staff begin: what waits for somebody."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.admin.area import blueprint
from storefront.assistant.queries_for_staff import staff_conversations
from storefront.catalog.queries.staff import staff_products
from storefront.core.errors import NotAllowed
from storefront.http.visitor import current_visitor
from storefront.orders.queries_for_staff import REFUND_OPEN, staff_orders


@blueprint.get("/")
def dashboard() -> ResponseReturnValue:
    """Figures and the latest orders, as far as the roles allow each."""
    user = current_visitor().user
    if user is None:
        return redirect(url_for("account.sign_in", next=request.path))
    if not user.is_staff:
        raise NotAllowed("staff", "read")
    return render_template(
        "admin/dashboard.html",
        to_pack=staff_orders(status="placed") if user.may("orders", "read") else None,
        refunds_open=staff_orders(status=REFUND_OPEN).total if user.may("orders", "read") else 0,
        low=staff_products(state="low", sellable_only=True) if user.may("stock", "read") else None,
        waiting=staff_conversations("waiting_for_staff") if user.may("conversations", "read") else None,
    )
