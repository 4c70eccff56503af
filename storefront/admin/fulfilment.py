"""What staff do with an order: send parcels, charge or give back its money, close or cancel it, note something."""

from __future__ import annotations

import uuid

from flask import request
from flask.typing import ResponseReturnValue

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.admin.order_forms import CaptureForm, NoteForm, OrderForms, ParcelForm, ReasonForm
from storefront.admin.orders import act, order_answer
from storefront.core.texts import gettext as _
from storefront.orders import services as orders
from storefront.orders.giving_back import OtherWay


@blueprint.post("/orders/<number>/parcels")
@requires("orders", "write")
def send_parcel(number: str) -> ResponseReturnValue:
    """Send a parcel; where the card is charged by hand, it is charged for it."""
    forms = OrderForms(parcel=ParcelForm())
    if not forms.parcel.validate_on_submit():
        return order_answer(number, forms, status=422)
    parcel = forms.parcel.request()
    return act(
        number, forms, lambda: orders.ship_parcel(actor_id(), number, parcel), _("The parcel is on its way.")
    )


@blueprint.post("/orders/<number>/parcels/<uuid:shipment_id>/delivered")
@requires("orders", "write")
def parcel_delivered(number: str, shipment_id: uuid.UUID) -> ResponseReturnValue:
    """A parcel has arrived."""
    return act(
        number,
        OrderForms(),
        lambda: orders.mark_delivered(actor_id(), number, shipment_id),
        _("The parcel has arrived."),
    )


@blueprint.post("/orders/<number>/capture")
@requires("orders", "write")
def capture(number: str) -> ResponseReturnValue:
    """Take a part of what is promised, or all of it."""
    forms = OrderForms(capture=CaptureForm())
    if not forms.capture.validate_on_submit():
        return order_answer(number, forms, status=422)
    amount, final = forms.capture.amount.data, not forms.capture.keep_rest.data
    return act(
        number,
        forms,
        lambda: orders.capture_payment(number, amount, final=final, actor_id=actor_id()),
        _("The payment was taken."),
    )


@blueprint.post("/orders/<number>/look")
@requires("orders", "write")
def look(number: str) -> ResponseReturnValue:
    """Ask the provider how the payment stands."""
    return act(number, OrderForms(), lambda: orders.look_again(number), _("The provider was asked."))


@blueprint.post("/orders/<number>/payments/<uuid:payment_id>/give-back")
@requires("orders", "refund")
def give_back(number: str, payment_id: uuid.UUID) -> ResponseReturnValue:
    """What of a payment could not be given back: once more, or another way."""
    way = request.form.get("way", "")
    if way in ("gift_card", "by_hand"):
        other: OtherWay = "gift_card" if way == "gift_card" else "by_hand"
        done = _("The money lies on a gift card.") if way == "gift_card" else _("Noted: the money was sent.")
        return act(
            number,
            OrderForms(),
            lambda: orders.give_back_otherwise(actor_id(), number, payment_id, other),
            done,
        )
    return act(
        number,
        OrderForms(),
        lambda: orders.give_back_again(actor_id(), number, payment_id),
        _("It is tried again now. What comes of it stands here in a moment."),
    )


@blueprint.post("/orders/<number>/close")
@requires("orders", "cancel")
def close(number: str) -> ResponseReturnValue:
    """What was not sent never will be."""
    forms = OrderForms(reason=ReasonForm())
    if not forms.reason.validate_on_submit():
        return order_answer(number, forms, status=422)
    reason = forms.reason.reason.data or ""
    return act(
        number, forms, lambda: orders.close_order(actor_id(), number, reason), _("The order was closed.")
    )


@blueprint.post("/orders/<number>/cancel")
@requires("orders", "cancel")
def cancel_order(number: str) -> ResponseReturnValue:
    """Cancel an order of which nothing was sent."""
    forms = OrderForms(reason=ReasonForm())
    if not forms.reason.validate_on_submit():
        return order_answer(number, forms, status=422)
    reason = forms.reason.reason.data or ""
    return act(
        number,
        forms,
        lambda: orders.cancel_for_shopper(actor_id(), number, reason),
        _("The order was cancelled."),
    )


@blueprint.post("/orders/<number>/notes")
@requires("orders", "write")
def note_order(number: str) -> ResponseReturnValue:
    """Note something for the staff."""
    forms = OrderForms(note=NoteForm())
    if not forms.note.validate_on_submit():
        return order_answer(number, forms, status=422)
    text = forms.note.note.data or ""
    return act(number, forms, lambda: orders.add_note(actor_id(), number, text), _("Noted."))
