"""Giving money back by line, and what of an order came back so far."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from storefront.core.money import ZERO
from storefront.core.texts import gettext as _
from storefront.http.return_form import amount_in, number_in
from storefront.http.wording import explain
from storefront.orders.queries_for_refunds import Refundable, RefundView, order_refunds, refundable
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest
from storefront.orders.services import refund_order
from storefront.returns.queries import ReturnView, returns_of

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class WhatCameBack:
    """An order's refunds and returns, for its staff page."""

    refunds: Sequence[RefundView]
    returns: Sequence[ReturnView]


def what_came_back(order_id: uuid.UUID) -> WhatCameBack:
    """Two to four statements."""
    return WhatCameBack(order_refunds(order_id), returns_of(order_id))


@blueprint.route("/orders/<number>/refund", methods=["GET", "POST"])
@requires("orders", "refund")
def refund(number: str) -> ResponseReturnValue:
    """The form, with what is left of each line; whoever sends an older page decides again."""
    order = refundable(number)
    problem = ""
    if request.method == "POST":
        try:
            refund_order(actor_id(), order.number, _request(order))
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            order, problem = refundable(number), explain(error)
        else:
            flash(_("The money goes back."), "good")
            return redirect(url_for("admin.order", number=order.number), 303)
    page = render_template("admin/refund.html", order=order, values=request.form, problem=problem)
    return page, 422 if problem else 200


def _request(order: Refundable) -> RefundRequest:
    """The form as the service takes it. Raises InvalidInput for an amount that is none."""
    form = request.form
    lines = [
        RefundLine(
            line.id,
            quantity,
            restock=f"restock-{line.id}" in form,
            seen=amount_in(form.get(f"seen-{line.id}", "")),
        )
        for line in order.lines
        if (quantity := number_in(form.get(f"quantity-{line.id}", "")))
    ]
    destination, code = form.get("destination", "original"), form.get("code", "").strip()
    return RefundRequest(
        lines=lines,
        shipping=_amount("shipping"),
        adjustment=_amount("adjustment"),
        reason=form.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON],
        destination="original" if destination == "original" else "gift_card",
        gift_card_code=code if destination == "existing" else "",
        seen=amount_in(form.get("seen", "")),
    )


def _amount(name: str) -> Decimal:
    text = request.form.get(name, "").strip()
    amount = amount_in(text) if text else ZERO
    if amount is None:
        raise InvalidInput(name, _("Please give amounts like 12.50."))
    return amount
