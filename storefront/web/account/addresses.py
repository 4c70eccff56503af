"""The address book."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import queries, services
from storefront.accounts.errors import AddressBookFull
from storefront.accounts.queries import AddressEntry
from storefront.core.identity import Identity
from storefront.core.texts import gettext as _
from storefront.http.rendering import wants_fragment
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.web.account.forms import AddressForm
from storefront.web.account.views import blueprint, shown, signed_in


@blueprint.get("/addresses")
def addresses() -> ResponseReturnValue:
    """All entries, defaults first."""
    entries = [shown(entry) for entry in queries.addresses_of(signed_in().id)]
    return render_template("account/addresses.html", addresses=entries)


@blueprint.route("/addresses/new", methods=["GET", "POST"])
def new_address() -> ResponseReturnValue:
    """One more entry."""
    form = AddressForm(full_name=_own_name())
    if "adapt" in request.values:
        return _adapted(form, None)
    if form.validate_on_submit():
        try:
            services.add_address(
                _identity(),
                form.entry(),
                default_shipping=form.is_default_shipping.data,
                default_billing=form.is_default_billing.data,
            )
        except AddressBookFull as full:
            form.form_errors.append(explain(full))
        else:
            return _saved()
    return render_template(
        "account/address.html", form=form, address=None
    ), 422 if form.is_submitted() else 200


@blueprint.route("/addresses/<uuid:address_id>", methods=["GET", "POST"])
def edit_address(address_id: uuid.UUID) -> ResponseReturnValue:
    """Change an entry; somebody else's is not found."""
    address = queries.address_of(signed_in().id, address_id)
    form = AddressForm(obj=address)
    if "adapt" in request.values:
        return _adapted(form, address)
    if form.validate_on_submit():
        services.change_address(
            _identity(),
            address_id,
            form.entry(),
            default_shipping=form.is_default_shipping.data,
            default_billing=form.is_default_billing.data,
        )
        return _saved()
    status = 422 if form.is_submitted() else 200
    return render_template("account/address.html", form=form, address=address), status


@blueprint.post("/addresses/<uuid:address_id>/delete")
def delete_address(address_id: uuid.UUID) -> ResponseReturnValue:
    """Take an entry out of the book."""
    services.delete_address(_identity(), address_id)
    flash(_("The address is deleted."), "success")
    return redirect(url_for("account.addresses"), 303)


def _adapted(form: AddressForm, address: AddressEntry | None) -> ResponseReturnValue:
    """The fields of the country that was chosen; nothing is checked and nothing is saved."""
    if wants_fragment():
        return render_template("account/_address_fields.html", form=form, here_url=request.path)
    return render_template("account/address.html", form=form, address=address)


def _identity() -> Identity:
    return current_visitor().identity


def _own_name() -> str:
    user = signed_in()
    return " ".join(part for part in (user.first_name, user.last_name) if part)


def _saved() -> ResponseReturnValue:
    flash(_("The address is saved."), "success")
    return redirect(url_for("account.addresses"), 303)
