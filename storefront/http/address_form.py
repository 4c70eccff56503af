"""The form of a postal address, wherever one is asked for: it has the fields that the chosen country has."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import TextInput

from storefront.accounts.address_rules import (
    AddressProblem,
    AddressRules,
    address_problems,
    normal_address,
    rules_for,
)
from storefront.accounts.services import AddressInput
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.address_words import label_of, problem_text
from storefront.http.country_field import CountryField
from storefront.http.forms import Form

ADDRESS_PARTS = (
    *("full_name", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone"),
)


def tidy(text: str | None) -> str | None:
    """A field's filter: no spaces around, single ones inside, no NUL (PostgreSQL takes none)."""
    return " ".join(text.replace("\0", "").split()) if text else text


class RegionField(SelectField):
    """A list of the country's regions where there is one, otherwise a line of text."""

    data: str | None

    def _value(self) -> str:
        return self.data or ""

    def offer(self, rules: AddressRules) -> None:
        """Become what ``rules`` ask for; what was typed is found in the list by any of its names."""
        if rules.regions:
            self.data = rules.region_key(self.data or "")
            self.choices = [("", _("Please choose")), *rules.regions]
        else:
            self.widget, self.type = TextInput(), "StringField"


class AddressFields(Form):
    """The parts of an address. ``shown`` are those of the country, in the order people write them there."""

    full_name = StringField(_l("Full name"), filters=[tidy], validators=[Length(max=120)])
    company = StringField(_l("Company"), filters=[tidy], validators=[Length(max=120)])
    line1 = StringField(_l("Street and number"), filters=[tidy], validators=[Length(max=200)])
    line2 = StringField(_l("Address addition"), filters=[tidy], validators=[Length(max=200)])
    postal_code = StringField(_l("Postal code"), filters=[tidy], validators=[Length(max=12)])
    city = StringField(_l("City"), filters=[tidy], validators=[Length(max=120)])
    region = RegionField(
        _l("State or region"), filters=[tidy], validators=[Length(max=120)], validate_choice=False
    )
    country = CountryField(_l("Country"), validators=[InputRequired()])
    phone = StringField(_l("Phone"), filters=[tidy], validators=[Length(max=40)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.country.data is None:
            self.country.data = current_settings().shop_country
        self.adapt()

    def adapt(self) -> None:
        """Take on the fields, names and duties of the country that is chosen now."""
        rules = rules_for(self.country.data or "")
        self.shown = ("country", *rules.fields, "phone")
        self.region.offer(rules)
        for name in rules.fields:
            self[name].flags.required = name in rules.required
            label = label_of(name, rules)
            if label:
                self[name].label.text = label

    @property
    def kept(self) -> list[StringField]:
        """Fields that this country has not: what stands in them is there again when another one is chosen."""
        return [self[name] for name in ADDRESS_PARTS if name not in self.shown and self[name].data]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each part by itself, then the address by its country's rules; the remarks stand at the fields."""
        is_valid = bool(super().validate(extra_validators))
        if self.country.errors:
            self.country.errors = [_("Please choose a country from the list.")]
            return False
        for problem in address_problems(self._parts()):
            self._remark(problem)
            is_valid = False
        return is_valid

    def _remark(self, problem: AddressProblem) -> None:
        field = self[problem.field]
        if not field.errors:
            region = dict(rules_for(self.country.data).regions).get(self.region.data or "", "")
            field.errors = [problem_text(problem, self.country.data, region)]

    def _parts(self) -> dict[str, str]:
        return {name: self[name].data or "" for name in ADDRESS_PARTS}

    def address(self) -> AddressInput:
        """What was typed, as it is stored. Only after validation: raises :class:`AddressRefused`."""
        return AddressInput(**normal_address(self._parts()))
