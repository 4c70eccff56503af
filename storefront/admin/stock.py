"""Stock: the list, a product's ledger, and counting the shelf."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.catalog.queries.staff import editable_product, staff_products
from storefront.core.errors import DomainError
from storefront.core.pagination import page_number
from storefront.core.texts import gettext as _
from storefront.http.forms import Form
from storefront.http.wording import explain
from storefront.inventory.queries import movements_of
from storefront.inventory.services import count_stock
from storefront.search.queries import clean_text


class CountForm(Form):
    """What lies on the shelf."""

    quantity = IntegerField(
        _l("Units on the shelf"), validators=[InputRequired(), NumberRange(0, 10_000_000)]
    )
    note = StringField(_l("Note"), validators=[Length(max=200)])


@blueprint.get("/stock")
@requires("stock", "read")
def stock() -> ResponseReturnValue:
    """All that can be sold, with units on the shelf and units held."""
    text, state = clean_text(request.args.get("q")), request.args.get("state", "all")
    page = staff_products(text, state, page_number(request.args.get("page")), sellable_only=True)
    return render_template("admin/stock.html", page=page, text=text, state=state)


@blueprint.route("/stock/<uuid:product_id>", methods=["GET", "POST"])
@requires("stock", "read")
def stock_of(product_id: uuid.UUID) -> ResponseReturnValue:
    """A product's ledger; posting a count writes the difference into it."""
    form = CountForm()
    product = editable_product(product_id)
    if form.validate_on_submit():
        assert form.quantity.data is not None
        try:
            difference = count_stock(actor_id(), product_id, form.quantity.data, form.note.data or "")
        except DomainError as error:
            form.quantity.errors = [explain(error)]
        else:
            flash(_("Counted: %(difference)s units.", difference=f"{difference:+d}"), "good")
            return redirect(url_for("admin.stock_of", product_id=product_id), 303)
    status = 422 if form.is_submitted() else 200
    ledger = movements_of(product_id)
    return render_template("admin/stock_of.html", product=product, form=form, ledger=ledger), status
