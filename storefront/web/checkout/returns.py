"""Sending something back from the order's own page: choose, look at what it comes to, ask; think better of it."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import DomainError, NotFound
from storefront.core.texts import gettext as _
from storefront.http.order_words import payment_name
from storefront.http.return_form import ReturnForm
from storefront.http.return_words import reason_words
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.returns.errors import NotReturnable, ReturnRefused
from storefront.returns.queries import ReturnableOrder, returnable
from storefront.returns.services import preview_return, request_return, withdraw_return
from storefront.web.checkout.area import blueprint


@blueprint.route("/orders/<number>/return", methods=["GET", "POST"])
def send_back(number: str) -> ResponseReturnValue:
    """The form; sent once it shows what the return comes to, sent again from there it is asked for."""
    identity = current_visitor().identity
    order = returnable(identity, number)
    if not order.is_open:
        flash(explain(NotReturnable(order.number, order.until if order.has_left else None)), "info")
        return redirect(url_for("checkout.order", number=order.number), 303)
    form = ReturnForm(request.form)
    if request.method == "GET" or "change" in request.form:
        return _form(order, form)
    wanted = form.request(order)
    try:
        if wanted.expected_difference is None:
            return _review(order, form)
        asked = request_return(identity, order.number, wanted)
    except NotFound:
        raise
    except DomainError as error:
        return _form(order, form, error)
    flash(_("We have your return %(number)s. A mail is on its way to you.", number=asked.number), "success")
    return redirect(url_for("checkout.order", number=order.number), 303)


def _form(
    order: ReturnableOrder, form: ReturnForm, refusal: DomainError | None = None
) -> ResponseReturnValue:
    page = render_template(
        "checkout/return.html",
        order=order,
        form=form,
        reasons=reason_words(),
        problem=explain(refusal) if refusal else "",
        refused=refusal if isinstance(refusal, ReturnRefused) else None,
    )
    return page, 422 if refusal else 200


def _review(order: ReturnableOrder, form: ReturnForm) -> ResponseReturnValue:
    preview = preview_return(order, replace(form.request(order), payment_method=""))
    return render_template(
        "checkout/return_review.html",
        order=order,
        form=form,
        preview=preview,
        reasons=reason_words(),
        method_name=payment_name,
    )


@blueprint.post("/orders/<number>/returns/<return_number>/withdraw")
def withdraw(number: str, return_number: str) -> ResponseReturnValue:
    """They keep it after all."""
    withdraw_return(current_visitor().identity, return_number)
    flash(_("The return %(number)s was withdrawn.", number=return_number), "success")
    return redirect(url_for("checkout.order", number=number), 303)
