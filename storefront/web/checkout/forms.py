"""The checkout's form: everything on one page, every field kept when it comes back with a remark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, Field, HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from storefront.accounts.emails import normal_email
from storefront.accounts.errors import EmailInvalid, VatNumberRefused
from storefront.accounts.queries import AddressEntry
from storefront.accounts.vat_numbers import normal_vat_number
from storefront.core.ids import new_secret
from storefront.core.money import ZERO
from storefront.core.texts import gettext as _
from storefront.http.address_form import ADDRESS_PARTS, AddressFields, tidy
from storefront.http.countries import country_name
from storefront.http.forms import Form
from storefront.http.wording import explain
from storefront.orders.services import PostalAddress, SeenAmount
from storefront.pricing.snapshot import CartSnapshot
from storefront.pricing.totals import Totals
from storefront.promotions.evaluation import Reductions

LONGEST_KEY = 100
_SEEN_BYTES = 60_000
_LARGEST_AMOUNT = Decimal(10) ** 10


class CheckoutFields(Form):
    """What is asked beside the two addresses."""

    email = EmailField(
        _l("E-mail address"),
        filters=[tidy],
        validators=[InputRequired(_l("Please enter your e-mail address: the confirmation goes there."))],
    )
    vat_number = StringField(_l("VAT number"), filters=[tidy], validators=[Length(max=40)])
    other_billing = BooleanField(_l("The invoice goes to another address"))
    shipping_method = StringField(_l("Shipping"))
    payment_method = StringField(_l("Payment"))
    note = TextAreaField(
        _l("Note for us or the carrier"),
        validators=[Length(max=500, message=_l("Please keep the note below 500 characters."))],
    )
    coupon = StringField(_l("Discount code"), validators=[Length(max=60)])
    gift_card = StringField(_l("Gift card"), validators=[Length(max=60)])
    idempotency_key = HiddenField()
    expected_total = HiddenField()
    expected_gift_card = HiddenField()
    seen = HiddenField()

    def validate_email(self, field: Field) -> None:
        """An address that mail can go to."""
        try:
            field.data = normal_email(field.data or "")
        except EmailInvalid:
            raise ValidationError(_("Please enter an e-mail address like name@example.com.")) from None

    def validate_note(self, field: Field) -> None:
        """PostgreSQL stores no NUL."""
        if "\0" in (field.data or ""):
            raise ValidationError(_("Please use plain text."))


class ShippingAddress(AddressFields):
    """Where the parcel goes: only countries that can be reached."""

    def limit_countries(self, countries: Sequence[str] | None) -> None:
        """Offer ``countries`` only; None leaves all of them. What was chosen stays, with a remark that it cannot be."""
        if countries is None:
            return
        chosen = self.country.data
        if chosen not in countries and not self.country.errors:
            name = country_name(chosen)
            self.country.errors = [_("We do not deliver to %(country)s at present.", country=name)]
        self.country.limit({*countries, chosen or ""})


@dataclass(slots=True)
class CheckoutForm:
    """The three parts of the form together. A part that is not asked for is not checked."""

    fields: CheckoutFields
    shipping: ShippingAddress
    billing: AddressFields
    needs_email: bool

    @classmethod
    def empty(cls, user_email: str | None) -> CheckoutForm:
        """The form as it is opened, with a key of its own."""
        form = cls._build(None, user_email)
        form.renew_key()
        return form

    @classmethod
    def sent(cls, data: Mapping[str, Any], user_email: str | None) -> CheckoutForm:
        """The form as it was sent."""
        form = cls._build(data, user_email)
        key = form.fields.idempotency_key.data or ""
        if not 16 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            form.renew_key()
        return form

    @classmethod
    def _build(cls, data: Any, user_email: str | None) -> CheckoutForm:
        plain = {"csrf": False}  # the page's own token is checked for every POST
        form = cls(
            CheckoutFields(formdata=data, meta=plain),
            ShippingAddress(formdata=data, prefix="shipping-", meta=plain),
            AddressFields(formdata=data, prefix="billing-", meta=plain),
            needs_email=user_email is None,
        )
        if user_email is not None:
            # Whoever is signed in is reached at their account's address; the page does not ask for one.
            del form.fields.email
        return form

    def renew_key(self) -> None:
        """A fresh key: what is sent next is another attempt."""
        self.fields.idempotency_key.data = new_secret()

    def fill(self, entry: AddressEntry, *, billing: bool = False) -> None:
        """Put an entry of the address book into the fields."""
        part = self.billing if billing else self.shipping
        for name in ADDRESS_PARTS:
            part[name].data = getattr(entry, name)
        part.adapt()

    def is_valid(self) -> bool:
        """Check every part that is asked for; the remarks stand at the fields afterwards."""
        parts: list[Form] = [self.fields, self.shipping]
        if self.fields.other_billing.data:
            parts.append(self.billing)
        # Each one is asked, so that all remarks come at once.
        answers = [part.validate() for part in parts]
        return all([*answers, self._has_fitting_vat_number()])

    def _has_fitting_vat_number(self) -> bool:
        """A company's number must be one of the country that the invoice goes to."""
        try:
            self.vat_number()
        except VatNumberRefused as refusal:
            self.fields.vat_number.errors = [explain(refusal)]
            return False
        return True

    def problems(self) -> list[tuple[str, str, str]]:
        """What is wrong, in the order of the page: (the field's id, its label, the sentence)."""
        parts: list[Form] = [self.fields, self.shipping, self.billing]
        return [
            (field.id, str(field.label.text), str(field.errors[0]))
            for part in parts
            for field in part
            if field.errors
        ]

    def shipping_address(self) -> PostalAddress:
        """Where the parcel goes."""
        return postal(self.shipping)

    def billing_address(self) -> PostalAddress:
        """Where the invoice goes: the same place unless said otherwise."""
        return postal(self.billing if self.fields.other_billing.data else self.shipping)

    def vat_number(self) -> str:
        """A company's VAT number as it is stored; empty for none. Raises :class:`VatNumberRefused`."""
        part = self.billing if self.fields.other_billing.data else self.shipping
        return normal_vat_number(self.fields.vat_number.data or "", part.country.data or "")

    def email(self) -> str:
        """A guest's address; empty for somebody who is signed in."""
        return (self.fields.email.data or "") if self.needs_email else ""

    def expected_total(self) -> Decimal:
        """The total that the page showed; something that fits no order when the field was tampered with."""
        try:
            return _amount(self.fields.expected_total.data or "")
        except (ValueError, InvalidOperation):
            return Decimal(-1)

    def expected_gift_card(self) -> Decimal:
        """What the page said the gift card would pay; nothing when the field was tampered with."""
        try:
            return _amount(self.fields.expected_gift_card.data or "0")
        except (ValueError, InvalidOperation):
            return ZERO

    def typed_code(self) -> str:
        """Which of the two codes was typed and not applied yet: ``coupon``, ``gift_card`` or neither."""
        for name in ("coupon", "gift_card"):
            if (self.fields[name].data or "").strip():
                return name
        return ""


def postal(part: AddressFields) -> PostalAddress:
    """The address that stands in the fields."""
    typed = part.address()
    return PostalAddress(
        full_name=typed.full_name,
        line1=typed.line1,
        postal_code=typed.postal_code,
        city=typed.city,
        country=typed.country,
        company=typed.company,
        line2=typed.line2,
        region=typed.region,
        phone=typed.phone,
    )


def written_amounts(snapshot: CartSnapshot, totals: Totals, reductions: Reductions) -> str:
    """The amounts of this page for the hidden field: only to explain later what has changed since."""
    amounts = [["line", str(line.product_id), line.name, str(line.total)] for line in snapshot.lines]
    amounts.append(["shipping", "", "", str(totals.shipping)])
    amounts += [
        ["discount", str(one.id), one.name, str(one.amount)] for one in reductions.applied if one.amount
    ]
    if not totals.prices_include_tax:
        amounts.append(["tax", "", "", str(totals.tax)])
    return json.dumps(amounts, separators=(",", ":"))


def read_amounts(text: str | None) -> tuple[SeenAmount, ...]:
    """The amounts out of the hidden field; nothing when somebody has played with it."""
    if not text or len(text) > _SEEN_BYTES:
        return ()
    try:
        return tuple(
            SeenAmount(what, str(key), str(name), _amount(str(amount)))
            for what, key, name, amount in json.loads(text)
            if what in ("line", "shipping", "tax", "discount")
        )
    except (ValueError, TypeError, InvalidOperation, RecursionError):
        return ()


def _amount(text: str) -> Decimal:
    """An amount out of a hidden field. Raises ValueError for one that no price can be: it could not be shown."""
    amount = Decimal(text)
    if not amount.is_finite() or abs(amount) >= _LARGEST_AMOUNT:
        raise ValueError(text)
    return amount
