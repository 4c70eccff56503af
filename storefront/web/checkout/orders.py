"""An order after it was placed: thanks, its page, the look-up for guests, cancelling."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from storefront.core.extensions import limiter
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.address_form import tidy
from storefront.http.forms import Form
from storefront.http.order_words import OrderWords, cancelled_words, missing_words, payment_name, words_for
from storefront.http.paper_answers import pdf_of
from storefront.http.paper_words import PaperWords, paper_list
from storefront.http.return_words import reason_words, return_state
from storefront.http.visitor import current_visitor, remember_proved_order
from storefront.http.wording import explain
from storefront.inventory.queries import backordered
from storefront.invoicing.queries import issued_document, issued_for
from storefront.orders.errors import OrderNotCancellable
from storefront.orders.queries import OrderPage, find_guest_order, normal_number, order_page
from storefront.orders.queries_for_refunds import RefundView, order_refunds
from storefront.orders.services import cancel_order, reorder
from storefront.returns.queries import ReturnView, returnable, returns_of
from storefront.web.checkout.area import blueprint


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its states in words, and its papers. ``backordered`` are the units it waits for, by product."""

    order: OrderPage
    words: OrderWords
    documents: Sequence[PaperWords] = ()
    returns: Sequence[ReturnView] = ()
    refunds: Sequence[RefundView] = ()
    can_return: bool = False
    backordered: Mapping[uuid.UUID, int] = field(default_factory=dict)


def _view(number: str) -> OrderView:
    order = order_page(current_visitor().identity, number)
    waits = backordered(order.id) if order.status in ("placed", "processing") else {}
    return OrderView(order, words_for(order), paper_list(issued_for(order.id)), backordered=waits)


def _with_what_came_back(view: OrderView) -> OrderView:
    """The same with its returns and refunds: nothing to ask for while nothing has left or been paid."""
    order = view.order
    has_left = order.fulfilment_status != "unfulfilled"
    return replace(
        view,
        returns=returns_of(order.id) if has_left else (),
        refunds=[one for one in order_refunds(order.id) if one.status != "failed"],
        can_return=has_left and returnable(current_visitor().identity, order.number).is_open,
    )


@blueprint.get("/orders/<number>/thanks")
def thanks(number: str) -> ResponseReturnValue:
    """The confirmation, straight after the order."""
    return render_template("checkout/thanks.html", view=_view(number))


@blueprint.get("/orders/<number>")
def order(number: str) -> ResponseReturnValue:
    """The order, for its owner or a guest who has proved to be one. Anybody else finds nothing."""
    if normal_number(number) != number:
        return redirect(url_for("checkout.order", number=normal_number(number)))
    view = _with_what_came_back(_view(number))
    return render_template(
        "checkout/order.html",
        view=view,
        return_state=return_state,
        reasons=reason_words(),
        method_name=payment_name,
    )


@blueprint.get("/orders/<number>/papers/<document>.pdf")
def paper(number: str, document: str) -> ResponseReturnValue:
    """An invoice or credit note of the person's own order. Anybody else finds nothing."""
    return pdf_of(issued_document(order_page(current_visitor().identity, number).id, document))


class CancelForm(Form):
    """Why, if they want to say."""

    reason = TextAreaField(_l("Why, if you want to tell us"), validators=[Length(max=500)], filters=[tidy])


@blueprint.route("/orders/<number>/cancel", methods=["GET", "POST"])
def cancel(number: str) -> ResponseReturnValue:
    """Ask once more, then cancel."""
    view = _view(number)
    form = CancelForm()
    if not view.order.can_cancel:
        flash(explain(OrderNotCancellable(view.order.number, view.order.status)), "info")
        return redirect(url_for("checkout.order", number=view.order.number), 303)
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("checkout/cancel.html", view=view, form=form), status
    identity = current_visitor().identity
    cancel_order(identity, view.order.number, form.reason.data or "")
    flash(cancelled_words(order_page(identity, view.order.number)), "success")
    return redirect(url_for("checkout.order", number=view.order.number), 303)


@blueprint.post("/orders/<number>/again")
def order_again(number: str) -> ResponseReturnValue:
    """Put what is still sold of an order into the cart, and say what is not."""
    again = reorder(current_visitor().identity, number)
    if again.added:
        said = ngettext("%(num)s item is in your cart.", "%(num)s items are in your cart.", again.added)
        flash(said, "success")
    for one in again.missing:
        flash(missing_words(one), "warning")
    if not again.added:
        return redirect(url_for("checkout.order", number=number), 303)
    return redirect(url_for("cart.page"), 303)


class LookupForm(Form):
    """Number and e-mail address, as they stand in the confirmation mail."""

    number = StringField(
        _l("Order number"),
        filters=[tidy],
        validators=[InputRequired(_l("Please enter the order number.")), Length(max=40)],
    )
    email = EmailField(
        _l("E-mail address"),
        filters=[tidy],
        validators=[InputRequired(_l("Please enter the e-mail address of the order.")), Length(max=254)],
    )


def _lookups() -> str:
    return current_settings().rate_limit_lookup


@blueprint.route("/orders/find", methods=["GET", "POST"])
@limiter.limit(_lookups, methods=["POST"])
def lookup() -> ResponseReturnValue:
    """A guest finds an order again. The answer is the same whichever of the two is wrong."""
    form = LookupForm(data={"number": request.args.get("number", "")[:40]})
    if not form.validate_on_submit():
        return render_template("checkout/find.html", form=form), 422 if form.is_submitted() else 200
    order_id = find_guest_order(form.number.data or "", form.email.data or "")
    if order_id is None:
        form.form_errors.append(
            _("We found no order with this number and this e-mail address. Please look at both again.")
        )
        return render_template("checkout/find.html", form=form), 422
    remember_proved_order(order_id)
    return redirect(url_for("checkout.order", number=normal_number(form.number.data or "")), 303)
