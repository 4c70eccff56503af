"""The steps in which an order is changed, the same for its shopper and for staff: form, what would change, done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core.errors import DomainError
from storefront.core.identity import Identity
from storefront.core.texts import gettext as _
from storefront.http.order_change_form import ChangeForm, change_form, differences
from storefront.http.wording import explain
from storefront.orders.changeable import choices_for, order_to_change
from storefront.orders.errors import OrderNotChangeable, TotalChanged
from storefront.orders.queries import OrderPage
from storefront.orders.services import quote_change

Confirm = Callable[[ChangeForm], ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class Changing:
    """``order`` is changed by ``identity`` (None: by staff) on two pages; ``back`` leads to the order's own."""

    order: OrderPage
    identity: Identity | None
    form_page: str
    confirm_page: str
    back: str

    def answer(self, confirm: Confirm) -> ResponseReturnValue:
        """The form; sent, what would change; agreed to, ``confirm`` changes it.

        What ``confirm`` raises as a :class:`DomainError` is said above the form, which keeps what was typed.
        """
        number = self.order.number
        if not self.order.can_change:
            flash(explain(OrderNotChangeable(number, "state")), "info")
            return redirect(self.back, 303)
        order = order_to_change(self.identity, number)
        choices = choices_for(order)
        form = change_form(order, choices, request.form if request.method == "POST" else None)
        if request.method == "GET" or request.form.get("act") == "back":
            return self._form(form)
        if not form.address.validate():
            return self._form(form, status=422)
        try:
            if request.form.get("act") == "confirm":
                return confirm(form)
            quote = quote_change(self.identity, number, form.wanted())
        except DomainError as refusal:
            return self._form(form, _why_not(refusal), 409)
        if quote.changes_nothing:
            return self._form(form, _("Nothing is different yet."), 422)
        rows = differences(quote, choices, self.order.shipping_name)
        return render_template(self.confirm_page, form=form, quote=quote, rows=rows)

    def _form(self, form: ChangeForm, problem: str = "", status: int = 200) -> ResponseReturnValue:
        return render_template(self.form_page, form=form, problem=problem), status


def _why_not(refusal: DomainError) -> str:
    if isinstance(refusal, TotalChanged):
        return _("The amounts have changed meanwhile, so nothing was changed. Please look at them again.")
    return explain(refusal)
