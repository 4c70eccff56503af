"""The form of a postal address, wherever one is asked for."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from storefront.accounts.address_rules import REGION_NEEDED, WITHOUT_POSTAL_CODE, postal_code_problem
from storefront.accounts.services import AddressInput
from storefront.core.settings import current_settings
from storefront.http.countries import country_choices, country_name


def tidy(text: str | None) -> str | None:
    """A field's filter: no spaces around, single ones inside, no NUL (PostgreSQL takes none)."""
    return " ".join(text.replace("\0", "").split()) if text else text


class AddressFields(FlaskForm):
    """The fields in the order people write them. Checks the postal code and the region against the country."""

    full_name = StringField(
        _l("Full name"),
        filters=[tidy],
        validators=[DataRequired(_l("Please enter the name.")), Length(max=120)],
    )
    company = StringField(_l("Company"), filters=[tidy], validators=[Length(max=120)])
    line1 = StringField(
        _l("Street and number"),
        filters=[tidy],
        validators=[DataRequired(_l("Please enter the street.")), Length(max=200)],
    )
    line2 = StringField(_l("Address addition"), filters=[tidy], validators=[Length(max=200)])
    postal_code = StringField(_l("Postal code"), filters=[tidy], validators=[Length(max=12)])
    city = StringField(
        _l("City"), filters=[tidy], validators=[DataRequired(_l("Please enter the city.")), Length(max=120)]
    )
    region = StringField(_l("State or region"), filters=[tidy], validators=[Length(max=120)])
    country = SelectField(_l("Country"), validators=[InputRequired()])
    phone = StringField(_l("Phone"), filters=[tidy], validators=[Length(max=40)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = country_choices()
        if self.country.data is None:
            self.country.data = current_settings().shop_country
        # Only so that the browser asks for it; the rule is in validate_postal_code.
        self.postal_code.flags.required = self.country.data not in WITHOUT_POSTAL_CODE

    def validate_postal_code(self, field: Field) -> None:
        """Missing, or not as it is written in that country."""
        problem = postal_code_problem(self.country.data or "", field.data or "")
        if problem is not None:
            raise ValidationError(postal_code_message(problem[0], self.country.data or "", problem[1]))

    def validate_region(self, field: Field) -> None:
        """Needed where mail does not arrive without it."""
        if self.country.data in REGION_NEEDED and not field.data:
            raise ValidationError(
                gettext("Addresses in %(country)s need the state.", country=country_name(self.country.data))
            )

    def address(self) -> AddressInput:
        """What was typed."""
        names = (
            "full_name",
            "company",
            "line1",
            "line2",
            "postal_code",
            "city",
            "region",
            "country",
            "phone",
        )
        return AddressInput(**{name: self[name].data or "" for name in names})


def postal_code_message(reason: str, country: str, example: str) -> str:
    """The sentence for a postal code that is missing or looks wrong, with an example where we know one."""
    if reason == "missing":
        return str(gettext("Please enter the postal code."))
    if example:
        return str(
            gettext(
                "That is not a postal code of %(country)s. It looks like %(example)s.",
                country=country_name(country),
                example=example,
            )
        )
    return str(gettext("That is not a postal code."))
