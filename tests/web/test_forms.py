"""WTForms' own texts: in the request's language, in English where there are none in it."""

from __future__ import annotations

import pytest
from flask import Flask
from wtforms import IntegerField

from storefront.core.texts import in_language
from storefront.http.forms import Form


class _Sizes(Form):
    size = IntegerField()


@pytest.mark.parametrize(
    ("spoken", "said"),
    [
        ("en", "Not a valid integer value."),
        ("de", "Keine gültige, ganze Zahl."),
        ("de_AT", "Keine gültige, ganze Zahl."),
        ("zu", "Not a valid integer value."),
    ],
)
def test_a_forms_own_texts_are_in_the_language_of_the_request(app: Flask, spoken: str, said: str) -> None:
    with app.test_request_context(method="POST", data={"size": "large"}), in_language(spoken):
        form = _Sizes(meta={"csrf": False})
        assert not form.validate()
        assert form.size.errors == [said]
