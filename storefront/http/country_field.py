"""The choice of a country in a form. WTForms' own list would make 250 objects, twice, for each address on a page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from wtforms import Field, ValidationError

from storefront.core.texts import gettext as _
from storefront.http.countries import Countries, country_choices
from storefront.http.forms import html_attributes


class CountryList:
    """The list as the page shows it, written once for each set of countries."""

    validation_attrs = ("required", "disabled")

    def __call__(self, field: CountryField, **attributes: Any) -> Markup:
        """The ``select`` element of ``field``."""
        attributes.setdefault("id", field.id)
        attributes.setdefault("required", bool(field.flags.required))
        options = _options(field.choices)
        chosen = _option(field.data or "")
        if chosen in options:
            options = options.replace(chosen, chosen.replace("<option ", "<option selected "), 1)
        return Markup(f"<select {html_attributes(name=field.name, **attributes)}>{options}</select>")


class CountryField(Field):
    """An ISO 3166 code out of ``choices``: all countries, until somebody limits them."""

    widget = CountryList()
    data: Any  # as WTForms has it: None until something is chosen
    choices: Countries

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = country_choices()

    def limit(self, codes: set[str]) -> None:
        """Offer these only."""
        self.choices = tuple(choice for choice in self.choices if choice[0] in codes)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was sent."""
        if valuelist:
            self.data = valuelist[0]

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not in the list."""
        if all(code != self.data for code, _name in self.choices):
            raise ValidationError(_("Please choose a country from the list."))


def _option(code: str) -> str:
    return f'<option value="{escape(code)}">'


@lru_cache(maxsize=64)
def _options(countries: Countries) -> str:
    return "".join(f"{_option(code)}{escape(name)}</option>" for code, name in countries)
