"""Returns: the list, one return with the step that is due, and one opened in a customer's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from storefront.core.money import ZERO
from storefront.core.pagination import page_number
from storefront.core.texts import gettext as _
from storefront.http.order_words import payment_name
from storefront.http.return_form import ReturnForm, amount_in
from storefront.http.return_words import reason_words, return_state, settling_words
from storefront.http.wording import explain
from storefront.orders.queries_for_refunds import refundable
from storefront.returns import services
from storefront.returns.errors import ReturnRefused
from storefront.returns.queries import staff_return, staff_returnable, staff_returns
from storefront.search.queries import clean_text


@blueprint.get("/returns")
@requires("orders", "read")
def returns() -> ResponseReturnValue:
    """All returns; those that wait for somebody come first."""
    text, status = clean_text(request.args.get("q")), request.args.get("status", "")
    page = staff_returns(text, status, page_number(request.args.get("page")))
    return render_template(
        "admin/returns.html", page=page, text=text, status=status, return_state=return_state
    )


@blueprint.get("/returns/<number>")
@requires("orders", "read")
def one_return(number: str) -> ResponseReturnValue:
    """One return, and the step that is due."""
    return _page(number)


def _page(number: str, problem: str = "") -> ResponseReturnValue:
    one = staff_return(number)
    page = render_template(
        "admin/return.html",
        one=one,
        order=refundable(one.order_number),
        state=return_state(one.kind, one.status),
        reasons=reason_words(),
        settling=settling_words(one, to_staff=True),
        method_name=payment_name,
        problem=problem,
    )
    return page, 422 if problem else 200


@blueprint.post("/returns/<number>/<any(approve, refuse, close, receive, complete, ship, paid, later):step>")
@requires("orders", "write")
def take_step(number: str, step: str) -> ResponseReturnValue:
    """Take a step; where that cannot be, the page says why."""
    try:
        STEPS[step](number)
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        return _page(number, explain(error))
    flash(_("Done. The customer gets a mail for each step."), "good")
    return redirect(url_for("admin.one_return", number=number), 303)


def _receive(number: str) -> None:
    lines = staff_return(number).lines
    good = [line.item_id for line in lines if f"restock-{line.item_id}" in request.form]
    services.receive_return(actor_id(), number, good)


def _complete(number: str) -> None:
    kept = amount_in(request.form.get("kept", "") or "0")
    shipping = amount_in(request.form.get("shipping", "") or "0")
    if kept is None or shipping is None or kept < 0:
        raise InvalidInput("kept", _("Please give amounts like 12.50."))
    expected = amount_in(request.form.get("seen", ""))
    services.complete_return(actor_id(), number, kept=kept, shipping=shipping, expected=expected)


def _ship(number: str) -> None:
    carrier, tracking = (
        request.form.get(name, "").replace("\0", "")[:100] for name in ("carrier", "tracking")
    )
    services.ship_replacement(actor_id(), number, carrier.strip(), tracking.strip())


STEPS: dict[str, Callable[[str], None]] = {
    "approve": lambda number: services.approve_return(actor_id(), number),
    "refuse": lambda number: services.refuse_return(
        actor_id(), number, request.form.get("refusal", "").replace("\0", "")
    ),
    "close": lambda number: services.close_unreceived(actor_id(), number),
    "paid": lambda number: services.record_difference_paid(actor_id(), number),
    "later": lambda number: services.have_it_paid_later(
        actor_id(), number, request.form.get("method", "")[:40]
    ),
    "receive": _receive,
    "complete": _complete,
    "ship": _ship,
}


@blueprint.route("/orders/<number>/return", methods=["GET", "POST"])
@requires("orders", "write")
def open_return(number: str) -> ResponseReturnValue:
    """A return in a customer's name, also after the window."""
    order, form = staff_returnable(number), ReturnForm(request.form)
    refusal: DomainError | None = None
    if request.method == "POST":
        try:
            # Staff read the prices on the page: the difference is told when the return stands.
            wanted = replace(form.request(order), expected_difference=None)
            asked = services.open_return(actor_id(), order.number, _settled(order.number, form, wanted))
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            refusal = error
        else:
            return redirect(url_for("admin.one_return", number=asked.number), 303)
    page = render_template(
        "admin/open_return.html",
        order=order,
        form=form,
        reasons=reason_words(),
        method_name=payment_name,
        problem=explain(refusal) if refusal else "",
        refused=refusal if isinstance(refusal, ReturnRefused) else None,
    )
    return page, 422 if refusal else 200


def _settled(number: str, form: ReturnForm, wanted: services.ReturnRequest) -> services.ReturnRequest:
    """With the way that fits the difference: how a dearer one is paid, or where money goes."""
    difference = services.preview_return(staff_returnable(number), wanted).difference
    method = form.values.get("pay", "") if difference > ZERO else form.values.get("method", "original")
    return replace(wanted, payment_method=method)
