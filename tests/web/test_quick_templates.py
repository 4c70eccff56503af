"""What is quicker than Flask, Jinja and Babel says the same as they do."""

from __future__ import annotations

from decimal import Decimal

import flask
import pytest
from babel.numbers import format_currency, format_decimal
from flask import Flask
from jinja2 import UndefinedError
from markupsafe import Markup

from storefront.core.texts import in_language
from storefront.http.formats import format_money, format_number
from storefront.http.links import link_to

_AMOUNTS = ("0", "0.05", "9.999", "10", "1000", "1234.5", "999999.995", "12345678.9", "-3.20")


@pytest.mark.parametrize("spoken", ["en", "de", "de_AT", "de_CH", "fr", "es", "pl", "sv", "hi", "ar", "ja"])
@pytest.mark.parametrize("currency", ["EUR", "USD", "CHF", "JPY", "KWD"])
def test_money_is_written_as_babel_writes_it(app: Flask, spoken: str, currency: str) -> None:
    with app.test_request_context(), in_language(spoken):
        written = [format_money(Decimal(amount), currency) for amount in _AMOUNTS]

    assert written == [format_currency(Decimal(amount), currency, locale=spoken) for amount in _AMOUNTS]


@pytest.mark.parametrize("spoken", ["en", "de", "de_CH", "fr", "es", "pl", "hi", "ar", "ja"])
def test_numbers_are_written_as_babel_writes_them(app: Flask, spoken: str) -> None:
    numbers = [0, 7, 999, 1000, 1234, 9999, 10_000, 1_234_567, 12_345_678, -5]
    with app.test_request_context(), in_language(spoken):
        assert [format_number(one) for one in numbers] == [
            format_decimal(one, locale=spoken) for one in numbers
        ]


@pytest.mark.parametrize("mounted", ["", "/shop"])
@pytest.mark.parametrize(
    "slug", ["tents", "a-b_c.1", "a/b", "/a/b", "ä", "a b", "a?b", "..", "", "placeholder"]
)
def test_links_are_those_that_flask_builds(app: Flask, mounted: str, slug: str) -> None:
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": mounted}):
        for _time in range(2):
            assert link_to("catalog.home") == flask.url_for("catalog.home")
            for endpoint, name in (("catalog.category", "slug"), ("catalog.search", "brand")):
                assert link_to(endpoint, **{name: slug}) == flask.url_for(endpoint, **{name: slug})


@pytest.mark.parametrize(
    ("template", "html"),
    [
        ("{{ value }}", "&lt;b&gt; &amp; &#34;"),
        ("{{ value | safe }}", '<b> & "'),
        (
            "{% macro m() %}<p>{{ caller() }}</p>{% endmacro %}{% call m() %}{{ value }}{% endcall %}",
            "<p>&lt;b&gt; &amp; &#34;</p>",
        ),
        ("{{ 3 }}{{ none }}{{ 1.5 }}", "3None1.5"),
        ("{{ row.name }}{{ row.get('name') }}{{ row['name'] }}", "onetwoone"),
        ("{{ nested.row.name }}", "one"),
        (
            "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(value) }}{{ m(1, b=3) }}",
            "&lt;b&gt; &amp; &#34;213",
        ),
        ("{{ _('%(what)s & 100%%', what=value) }}", "&lt;b&gt; &amp; &#34; & 100%"),
        ("{{ _('100%%') }}", "100%"),
        ("{{ ngettext('%(num)s item', '%(num)s items', 2) }}", "2 items"),
        ("{% for one in [1, 2] %}{{ loop.index }}{{ value | length }}{% endfor %}", "1727"),
    ],
)
def test_a_template_means_what_it_means_to_jinja(app: Flask, template: str, html: str) -> None:
    class Row(dict):  # type: ignore[type-arg]
        name = "one"

        def get(self, *_arguments: object) -> str:  # type: ignore[override]
            return "two"

    row = Row(name="one")
    values = {"value": '<b> & "', "row": row, "nested": {"row": row}, "mark": Markup("<i>")}
    with app.test_request_context():
        rendered = flask.render_template_string(template, **values)

    assert rendered == html


def test_a_name_that_nobody_has_is_an_error(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(UndefinedError):
        flask.render_template_string("{{ row.missing }}", row=object())


def test_texts_follow_the_language_of_the_block(app: Flask) -> None:
    with app.test_request_context():
        before = format_money(Decimal(1234), "EUR")
        with in_language("de"):
            assert format_money(Decimal(1234), "EUR") == "1.234,00\xa0€"
        assert format_money(Decimal(1234), "EUR") == before
