"""What the account pages ask for: the shape of the input. Rules about people live in ``accounts.services``."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    StringField,
    TelField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Regexp

from storefront.accounts.emails import MAXIMUM_LENGTH, normal_email
from storefront.accounts.errors import EmailInvalid
from storefront.accounts.passwords import MAXIMUM_LENGTH as PASSWORD_MAXIMUM
from storefront.accounts.services import AddressInput
from storefront.http.address_form import AddressFields, tidy
from storefront.http.forms import Form


def _is_email(_form: Form, field: Field) -> None:
    try:
        normal_email(field.data or "")
    except EmailInvalid:
        raise ValidationError(gettext("Please enter an e-mail address like name@example.com.")) from None


def _email() -> EmailField:
    return EmailField(
        _l("E-mail"),
        filters=[tidy],
        validators=[
            DataRequired(_l("Please enter your e-mail address.")),
            Length(max=MAXIMUM_LENGTH),
            _is_email,
        ],
    )


def _password(label: str) -> PasswordField:
    return PasswordField(
        label, validators=[InputRequired(_l("Please enter the password.")), Length(max=PASSWORD_MAXIMUM)]
    )


def _name(label: str) -> StringField:
    # Our letters greet people by name: nobody shall send strangers an advertisement through that.
    plain = Regexp(r"^[^<>:/@]*$", message=_l("Please use letters only, no addresses."))
    return StringField(label, filters=[tidy], validators=[Length(max=80), plain])


class SignInForm(Form):
    """E-mail and password. The address is not judged: a wrong one simply opens nothing."""

    email = EmailField(
        _l("E-mail"),
        filters=[tidy],
        validators=[DataRequired(_l("Please enter your e-mail address.")), Length(max=MAXIMUM_LENGTH)],
    )
    password = _password(_l("Password"))


class SignUpForm(Form):
    """A new account."""

    email = _email()
    password = _password(_l("Password"))
    first_name = _name(_l("First name"))
    last_name = _name(_l("Last name"))


class EmailForm(Form):
    """Where to send a link."""

    email = _email()


class ConfirmForm(Form):
    """The link's secret and the account's password."""

    token = HiddenField(validators=[InputRequired(), Length(max=200)])
    password = _password(_l("Your password"))


class ResetForm(Form):
    """The link's secret and the new password."""

    token = HiddenField(validators=[InputRequired(), Length(max=200)])
    new_password = _password(_l("New password"))


class PasswordForm(Form):
    """The password so far and the new one."""

    current_password = _password(_l("Current password"))
    new_password = _password(_l("New password"))


class ClosingForm(Form):
    """The password, as a last question before the account is gone."""

    password = _password(_l("Your password"))


class ProfileForm(Form):
    """Who the person is, as far as they want to say."""

    first_name = _name(_l("First name"))
    last_name = _name(_l("Last name"))
    company_name = StringField(_l("Company"), filters=[tidy], validators=[Length(max=120)])
    phone = TelField(
        _l("Phone"),
        filters=[tidy],
        validators=[
            Length(max=40),
            Regexp(
                r"^$|^\+?[0-9 ()/.-]{5,}$",
                message=_l("Please use digits, with + in front of a country code."),
            ),
        ],
    )


class AddressForm(AddressFields):
    """An entry of the address book."""

    label = StringField(_l("What you call it"), filters=[tidy], validators=[Length(max=40)])
    is_default_shipping = BooleanField(_l("Ship here by default"))
    is_default_billing = BooleanField(_l("Use as billing address by default"))

    def entry(self) -> AddressInput:
        """What was typed, with its label."""
        return replace(self.address(), label=self.label.data or "")
