"""What every form of the shop has: WTForms' texts in the request's language, attributes as WTForms writes them."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as some
from markupsafe import Markup
from wtforms import IntegerField
from wtforms.widgets import html_params

from storefront.core.texts import in_language
from storefront.http.forms import Form, html_attributes

_KEYS = some.sampled_from(["class_", "data_step", "aria_describedby", "value", "required", "for_", "max"])
_VALUES = some.one_of(some.booleans(), some.integers(), some.text(), some.text().map(Markup))


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


@given(attributes=some.dictionaries(_KEYS, _VALUES))
def test_attributes_are_what_wtforms_writes(attributes: dict[str, object]) -> None:
    assert html_attributes(**attributes) == html_params(**attributes)


def test_a_fields_attributes_are_escaped(app: Flask) -> None:
    with app.test_request_context():
        field = _Sizes(meta={"csrf": False}).size
        assert field(placeholder='5" <or> more', data_step=1) == (
            '<input data-step="1" id="size" name="size" placeholder="5&#34; &lt;or&gt; more" type="number" value="">'
        )
