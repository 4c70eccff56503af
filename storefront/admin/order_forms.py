"""The forms of a staff order page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DecimalField, HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from storefront.core.ids import new_secret
from storefront.core.money import round_money
from storefront.core.texts import gettext as _
from storefront.http.address_form import tidy
from storefront.http.forms import Form
from storefront.orders.queries import OrderPage
from storefront.orders.services import ParcelRequest

_MOST_UNITS = 100_000


class ParcelForm(Form):
    """What goes into the next parcel, and how it travels. The units are fields of their own: ``units-<line>``."""

    request_key = HiddenField()
    seen_parcels = HiddenField()
    carrier = StringField(_l("Carrier"), validators=[Length(max=60)], filters=[tidy])
    tracking_number = StringField(_l("Tracking number"), validators=[Length(max=80)], filters=[tidy])
    charge_all = BooleanField(_l("Charge the whole order with this parcel"))

    def begin(self, order: OrderPage) -> None:
        """Give a form that was not sent its key, and what its page shows."""
        if not self.request_key.data:
            self.request_key.data = new_secret()
        self.seen_parcels.data = str(len(order.parcels))

    def units(self) -> dict[uuid.UUID, int]:
        """How many of each line, as they were typed; what is no number is none."""
        found: dict[uuid.UUID, int] = {}
        for name, text in request.form.items():
            prefix, _mark, key = name.partition("-")
            if prefix != "units":
                continue
            try:
                item_id, count = uuid.UUID(key), int(text.strip() or 0)
            except ValueError:
                continue
            if count and abs(count) < _MOST_UNITS:
                found[item_id] = count
        return found

    def request(self) -> ParcelRequest:
        """The form as the service takes it."""
        seen = self.seen_parcels.data or ""
        return ParcelRequest(
            self.units(),
            carrier=self.carrier.data or "",
            tracking_number=self.tracking_number.data or "",
            request_key=(self.request_key.data or "")[:100],
            seen_parcels=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else None,
            charge_all=bool(self.charge_all.data),
        )


class CaptureForm(Form):
    """How much of what is promised is taken now."""

    amount = DecimalField(
        _l("Amount"), places=2, validators=[InputRequired(), NumberRange(Decimal("0.01"), Decimal(9_999_999))]
    )
    keep_rest = BooleanField(_l("Keep the rest reserved"))

    def begin(self, promised: Decimal) -> None:
        """Suggest all that is promised in a form that was not sent."""
        if self.amount.raw_data is None and promised:
            self.amount.process_data(promised)

    def validate_amount(self, field: DecimalField) -> None:
        """To the cent."""
        if field.data is not None and field.data != round_money(field.data):
            raise ValidationError(_("Please give an amount with at most two decimals."))


class NoteForm(Form):
    """Something for the staff alone."""

    note = TextAreaField(_l("Note"), validators=[DataRequired(), Length(max=2_000)], filters=[tidy])


class ReasonForm(Form):
    """Why an order is cancelled or closed."""

    reason = StringField(_l("Why"), validators=[Length(max=500)], filters=[tidy])


@dataclass(slots=True)
class OrderForms:
    """All forms of the page; those that were not sent are empty."""

    parcel: ParcelForm = field(default_factory=lambda: ParcelForm(formdata=None))
    capture: CaptureForm = field(default_factory=lambda: CaptureForm(formdata=None))
    note: NoteForm = field(default_factory=lambda: NoteForm(formdata=None))
    reason: ReasonForm = field(default_factory=lambda: ReasonForm(formdata=None))
